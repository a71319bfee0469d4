// Counts down how long an act can still be taken back. An Undo that no longer works disappears.
const bars = [...document.querySelectorAll("[data-until]")].filter((bar) => bar.dataset.until);

function tick(bar) {
  const seconds = Math.ceil((Date.parse(bar.dataset.until) - Date.now()) / 1000);
  if (!(seconds > 0)) {
    const undo = bar.matches("form") ? bar : bar.querySelector("form");
    // Whoever stood on the button is not thrown to the top of the page.
    if (undo?.contains(document.activeElement)) {
      bar.tabIndex = -1;
      bar.focus();
    }
    undo?.remove();
    return false;
  }
  const left = bar.querySelector("[data-left]");
  if (left) left.textContent = left.dataset.words.replace("%s", seconds);
  return true;
}

let running = bars.filter(tick);
if (running.length) {
  const timer = setInterval(() => {
    running = running.filter(tick);
    if (!running.length) clearInterval(timer);
  }, 1000);
}
