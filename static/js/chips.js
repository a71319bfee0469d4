// While a promise is typed in one line, shows what was understood: who, by when, for whom.
const PAUSE = 250;

for (const line of document.querySelectorAll("[data-preview-url]")) {
  const shown = line.closest("form").querySelector("[data-preview]");
  let timer;
  let asked;

  line.addEventListener("input", () => {
    clearTimeout(timer);
    asked?.abort();
    if (line.value.trim().length < 4) return shown.replaceChildren();
    timer = setTimeout(ask, PAUSE);
  });

  async function ask() {
    asked = new AbortController();
    const address = new URL(line.dataset.previewUrl, location.href);
    address.search = new URLSearchParams(fields());
    try {
      const answer = await fetch(address, { signal: asked.signal, headers: { "X-Requested-With": "fetch" } });
      // A page instead of a fragment means that the session has ended.
      if (answer.ok && !answer.redirected) shown.innerHTML = await answer.text();
    } catch (error) {
      if (error.name !== "AbortError") shown.replaceChildren();
    }
  }

  function fields() {
    const client = line.form.elements.client?.value;
    return client ? { line: line.value, client } : { line: line.value };
  }
}
