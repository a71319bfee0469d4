// Asks what became of the mail with the code until that is settled, and says it in place.
const SECONDS = 3;
const MOST = 20;

async function look(part, left) {
  if (!left || !part.querySelector("[data-waiting]")) return;
  await new Promise((done) => setTimeout(done, SECONDS * 1000));
  if (document.hidden) return look(part, left);
  try {
    const answer = await fetch(part.dataset.codeMail);
    if (answer.ok && !answer.redirected) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [now, before] = [fresh.querySelector("[role=status]"), part.querySelector("[role=status]")];
      // Replaced only when it says something new, so that nobody is read the same sentence twice.
      if (now && before && now.textContent !== before.textContent) {
        before.className = now.className;
        before.toggleAttribute("data-waiting", now.hasAttribute("data-waiting"));
        before.replaceChildren(...now.childNodes);
      }
    }
  } catch {
    // Away for a moment: the next look may find it.
  }
  look(part, left - 1);
}

for (const part of document.querySelectorAll("[data-code-mail]")) look(part, MOST);
