// Fills <details data-unfold="address"> from that page when it is opened first. Without this its link leads there.
async function fill(fold) {
  try {
    const answer = await fetch(fold.dataset.unfold, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.querySelector("[data-unfold-part]");
    if (!part) throw new Error("nothing to unfold");
    fold.querySelector("[data-unfold-link]").replaceWith(document.adoptNode(part));
  } catch {
    // The link stays, and says itself what is wrong. The next opening tries again.
    fold.addEventListener("toggle", opened);
  }
}

function opened({ target }) {
  if (!target.open) return;
  target.removeEventListener("toggle", opened);
  fill(target);
}

for (const fold of document.querySelectorAll("details[data-unfold]")) fold.addEventListener("toggle", opened);
