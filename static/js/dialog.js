// Opens <dialog data-dialog> by a button that names it; such buttons are hidden until this has run.
for (const opener of document.querySelectorAll("[data-opens]")) {
  const dialog = document.getElementById(opener.dataset.opens);
  if (!dialog?.showModal) continue;
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
}

for (const dialog of document.querySelectorAll("[data-dialog]")) {
  dialog.addEventListener("click", (event) => {
    // A press on the veil arrives at the dialog itself.
    if (event.target === dialog && !inside(dialog, event)) dialog.close();
  });
}

function inside(dialog, { clientX, clientY }) {
  const box = dialog.getBoundingClientRect();
  return clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
}

// The menu behind the name closes like one.
for (const menu of document.querySelectorAll("details[data-menu]")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
