// The summary of errors is read first; its links lead into the fields.
const summary = document.querySelector("[data-error-summary]");

summary?.focus();
summary?.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!field) return;
  event.preventDefault();
  // The label is brought into view too, so that the question can be read.
  (field.closest(".field") ?? field).scrollIntoView({ block: "nearest" });
  field.focus({ preventScroll: true });
});
