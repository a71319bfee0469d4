// A button that copies a text: <button data-copy="#field" data-copied="Copied" hidden>.
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.querySelector(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  const words = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
      button.textContent = button.dataset.copied;
      setTimeout(() => (button.textContent = words), 3000);
    } catch {
      // The browser refused: leave the text marked, ready for the hand.
      source.select?.();
    }
  });
}
