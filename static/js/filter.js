// A filter works as soon as it is chosen: <form method="get" data-filter>. Its button is for pages without script.
for (const form of document.querySelectorAll("form[data-filter]")) {
  for (const button of form.querySelectorAll("[data-filter-button]")) button.hidden = true;

  form.addEventListener("change", (event) => {
    // Words are sent with Enter: leaving the field must not throw the reader to another page.
    if (!event.target.matches("input[type=search], input[type=text]")) form.requestSubmit();
  });

  form.addEventListener("submit", () => {
    // Empty choices stay out of the address, so that it can be read and sent on.
    for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
  });
}

// Back shows the page as it was left, with those fields still disabled.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[data-filter] :disabled")) field.disabled = false;
});
