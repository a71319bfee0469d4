// Fills <input name="zone"> with the visitor's time zone: it stands beside the moment in the evidence.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

for (const field of document.querySelectorAll('input[type="hidden"][name="zone"]')) field.value = zone ?? "";
