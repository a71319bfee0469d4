// Single letters for the hand that stays on the keyboard. Off inside fields, and off for whoever switched them off.
const off = document.body.dataset.keys === "off";
let row = null;

const rows = () => [...document.querySelectorAll("[data-row]")].filter((one) => one.offsetParent !== null);

function typing(target) {
  return target.isContentEditable || target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select");
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const here = all.indexOf(row);
  row = all[here < 0 ? 0 : Math.min(Math.max(here + by, 0), all.length - 1)];
  row.tabIndex = -1;
  row.focus();
  row.scrollIntoView({ block: "nearest" });
}

function press(selector, within) {
  const found = within?.querySelector(selector);
  if (!found || found.disabled) return false;
  found.matches("input, select, textarea") ? found.focus() : found.click();
  return true;
}

// What a letter does to the promise of a row, as a way on from that promise's address.
const onPromise = { u: "#update-text", e: "extend/", d: "done/", c: "tell/" };

function act(key, within) {
  const promise = within?.dataset.promise;
  if (!promise || !onPromise[key]) return false;
  location.assign(promise + onPromise[key]);
  return true;
}

const acts = {
  n: () => {
    const line = document.querySelector("[data-quick-add]");
    // On a phone the line is not shown, but its link is.
    return line?.offsetParent ? (line.focus(), true) : press(".add-promise", document);
  },
  "/": () => press("[data-search], input[type=search]", document),
  "?": () => press('[data-opens="keys"]', document),
  j: () => (step(1), true),
  k: () => (step(-1), true),
};

document.addEventListener("focusin", (event) => {
  row = event.target.closest("[data-row]") ?? row;
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && event.target.matches("[data-quick-add]")) event.target.blur();
  if (off || typing(event.target) || document.querySelector("dialog[open]")) return;

  if (event.key === "Enter") {
    // Enter on a link or a button inside the row is that link's own.
    if (event.target === row && (press("[data-open]", row) || press("a", row))) event.preventDefault();
    return;
  }
  const key = event.key.toLowerCase();
  if (key.length !== 1) return;
  const named = `[data-key="${CSS.escape(key)}"]`;
  const focused = row?.isConnected && row.contains(document.activeElement) ? row : null;
  const elsewhere = [...document.querySelectorAll(named)].find((one) => !one.closest("[data-row]"));
  if (act(key, focused) || press(named, focused) || acts[key]?.() || (elsewhere && (elsewhere.click(), true))) event.preventDefault();
});
