// While a request is written, offers what the solutions library has for it. “Use this” puts its words into the answer.
const PAUSE = 400;
// Beyond so much the address grows too long for the server; what a request is about stands at its beginning.
const MOST = 700;
const LEAST = 4;

const shown = document.querySelector("[data-suggestions]");
const form = shown?.closest("form");
const what = form?.elements.what;

if (what && shown.dataset.suggestUrl) {
  form.querySelector("[data-suggest]").hidden = true;
  let timer;
  let asked;

  what.addEventListener("input", () => {
    clearTimeout(timer);
    asked?.abort();
    if (what.value.trim().length >= LEAST) timer = setTimeout(ask, PAUSE);
  });

  async function ask() {
    asked = new AbortController();
    const address = new URL(shown.dataset.suggestUrl, location.href);
    address.search = new URLSearchParams({ what: what.value.slice(0, MOST) });
    try {
      const answer = await fetch(address, { signal: asked.signal, headers: { "X-Requested-With": "fetch" } });
      // A page instead of a fragment means that the session has ended.
      if (answer.ok && !answer.redirected) shown.innerHTML = await answer.text();
    } catch (error) {
      // What was offered before may still help; the request is logged without it as well.
      if (error.name !== "AbortError") form.querySelector("[data-suggest]").hidden = false;
    }
  }
}

shown?.addEventListener("click", (event) => {
  const one = event.target.closest("[data-use]")?.closest("[data-solution]");
  if (!one) return;
  event.preventDefault();
  const say = one.querySelector("[data-say]").textContent;
  const { answer } = form.elements;
  if (!answer.value.includes(say)) answer.value = [answer.value.trim(), say].filter(Boolean).join("\n\n");
  choose(one.dataset.solution, one.querySelector("[data-title]").textContent);
  answer.focus();
});

function choose(number, title) {
  const chosen = form.querySelector("[data-chosen]");
  const box = chosen.querySelector("[name=solution]");
  box.value = number;
  box.checked = true;
  chosen.querySelector("[data-chosen-title]").textContent = title;
  chosen.hidden = false;
}
