// While a promise is typed in one line, shows what was understood: who, by when, for whom.
const PAUSE = 250;
// Beyond so much the address grows too long for the server. Client and date stand at one end of the line.
const END = 700;

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
    const text = line.value;
    const sent = text.length > 2 * END ? `${text.slice(0, END)} … ${text.slice(-END)}` : text;
    return client ? { line: sent, client } : { line: sent };
  }
}
