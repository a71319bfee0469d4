// Fetches a fragment again until it comes back without data-refresh-url. Moves no focus.
const WAITS = 1.5;

async function renew(part, seconds) {
  await new Promise((done) => setTimeout(done, seconds * 1000));
  if (!part.isConnected) return;
  if (document.hidden) return renew(part, seconds);
  try {
    const answer = await fetch(part.dataset.refreshUrl, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = fresh.querySelector("[data-refresh-url]");
    if (!found) return location.reload();
    part.replaceChildren(...found.childNodes);
    renew(part, Number(part.dataset.refreshSeconds) || 2);
  } catch {
    // The server may be busy or gone for a moment: ask less often, give up at a minute.
    if (seconds < 60) renew(part, seconds * WAITS);
  }
}

for (const part of document.querySelectorAll("[data-refresh-url]")) {
  renew(part, Number(part.dataset.refreshSeconds) || 2);
}
