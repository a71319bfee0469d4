// Lines that come and go, and what they come to while they are typed. The server's arithmetic is the truth.
const form = document.querySelector("[data-lines]");
const currency = document.getElementById(form.dataset.currency);
// Quantities have two decimals and prices four; a per cent has three.
const PLACES = { quantity: 2, price: 4, rate: 3 };

for (const add of form.querySelectorAll("[data-add]")) {
  const kind = add.dataset.add;
  const rows = form.querySelector(`[data-rows="${kind}"]`);
  const total = form.elements[`${kind}-TOTAL_FORMS`];
  const empty = form.querySelector(`[data-empty="${kind}"]`);
  for (const row of rows.children) ready(row);
  thin(rows, total);
  add.hidden = false;
  add.addEventListener("click", () => {
    rows.insertAdjacentHTML("beforeend", empty.innerHTML.replaceAll("__prefix__", total.value));
    total.value = Number(total.value) + 1;
    ready(rows.lastElementChild);
    number(rows);
    rows.lastElementChild.querySelector("input:not([type=hidden])").focus();
  });
}
form.addEventListener("input", sum);
currency.addEventListener("change", sum);
sum();

function ready(row) {
  row.querySelector("[data-remove-tick]").hidden = true;
  row.querySelector("[data-amount-box]").hidden = false;
  const button = row.querySelector("[data-remove]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = row.nextElementSibling ?? form.querySelector("[data-add]");
    row.querySelector("[data-remove-tick] input").checked = true;
    row.hidden = true;
    number(row.parentElement);
    sum();
    (next.querySelector?.("input") ?? next).focus();
  });
}

// One empty row is enough where another is one press away.
function thin(rows, total) {
  while (rows.children.length > 1 && isEmpty(rows.lastElementChild) && isEmpty(rows.lastElementChild.previousElementSibling)) {
    rows.lastElementChild.remove();
    total.value = Number(total.value) - 1;
  }
}

function isEmpty(row) {
  return [...row.querySelectorAll("input:not([type=checkbox]), textarea")].every((box) => !box.value.trim());
}

function number(rows) {
  let place = 0;
  for (const row of rows.children) if (!row.hidden) row.querySelector("[data-place]").textContent = ++place;
}

function sum() {
  const money = coins(currency.value);
  if (!money) return;
  let subtotal = 0n;
  let known = true;
  for (const row of shown("line")) {
    const quantity = read(row, "quantity", 100n);
    const price = read(row, "price", 0n);
    const amount = quantity === null || price === null ? null : rounded(quantity * price, 6, money.places);
    row.querySelector("[data-amount]").textContent = amount === null || isEmpty(row) ? "" : money.speak(amount);
    if (amount === null) known = false;
    else if (!isEmpty(row)) subtotal += amount;
  }
  let total = subtotal;
  for (const row of shown("tax")) {
    const rate = read(row, "rate", 0n);
    const amount = rate === null ? null : rounded(subtotal * rate, money.places + 5, money.places);
    row.querySelector("[data-amount]").textContent = amount === null || isEmpty(row) ? "" : money.speak(amount);
    if (amount === null) known = false;
    else total += amount;
  }
  const sums = form.querySelector("[data-sums]");
  sums.hidden = !known || !shown("line").some((row) => !isEmpty(row));
  sums.querySelector("[data-subtotal]").textContent = money.speak(subtotal);
  sums.querySelector("[data-total]").textContent = money.speak(total);
}

function shown(kind) {
  return [...form.querySelector(`[data-rows="${kind}"]`).children].filter((row) => !row.hidden);
}

// The number in a box as so many of its smallest part; null when it cannot be read, or in two ways.
function read(row, name, nothing) {
  let typed = row.querySelector(`[name$="-${name}"]`).value.trim();
  if (!typed) return nothing;
  const negative = /^[-−–]\s*/.test(typed);
  typed = typed.replace(/^[-−–]\s*/, "").replace(/(?<=\d)[\s'’](?=\d{3}(?!\d))/g, "");
  const both = typed.includes(",") && typed.includes(".");
  const last = typed.at(Math.max(typed.lastIndexOf(","), typed.lastIndexOf(".")));
  if (both) typed = typed.replaceAll(last === "," ? "." : ",", "");
  else if (/^[1-9]\d{0,2}([.,])\d{3}(\1\d{3})+$/.test(typed)) typed = typed.replace(/[.,]/g, "");
  else if (/^[1-9]\d{0,2}[.,]\d{3}$/.test(typed) && name !== "rate") return null;
  const parts = typed.replace(",", ".").match(/^(\d*)(?:\.(\d*))?$/);
  if (!parts || (parts[2] ?? "").replace(/0+$/, "").length > PLACES[name]) return null;
  const value = BigInt((parts[1] || "0") + (parts[2] ?? "").slice(0, PLACES[name]).padEnd(PLACES[name], "0"));
  return negative ? -value : value;
}

// Half up, away from nothing, as the server does.
function rounded(value, from, to) {
  const step = 10n ** BigInt(Math.max(from - to, 0));
  const half = step / 2n;
  return value < 0n ? -((-value + half) / step) : (value + half) / step;
}

function coins(code) {
  try {
    const words = new Intl.NumberFormat(form.dataset.language, { style: "currency", currency: code });
    const places = words.resolvedOptions().maximumFractionDigits;
    const decimal = (value) => {
      const digits = String(value < 0n ? -value : value).padStart(places + 1, "0");
      const whole = digits.slice(0, digits.length - places);
      return `${value < 0n ? "-" : ""}${whole}${places ? `.${digits.slice(-places)}` : ""}`;
    };
    return { places, speak: (value) => words.format(decimal(value)) };
  } catch {
    return null;
  }
}
