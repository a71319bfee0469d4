// Once a client is chosen, shows what belongs to them: recent slips, their zone, contacts and scopes, who may own it.
const form = document.querySelector("form[data-for-client]");
const client = form?.elements.client;
const button = form?.querySelector("[data-with-client]");
if (button) button.hidden = true;

client?.addEventListener("change", async () => {
  const address = new URL(form.action);
  address.search = new URLSearchParams({ client: client.value });
  try {
    const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of form.querySelectorAll("[data-of-client]")) renew(part, page);
  } catch {
    // Without the parts the form still saves; what belongs to the client can be asked for by hand.
    button.hidden = false;
  }
});

function renew(part, page) {
  const fresh = page.querySelector(`[data-of-client="${part.dataset.ofClient}"]`);
  if (!fresh) return;
  const typed = new Map([...part.querySelectorAll("[name]")].map((field) => [field.name, field.value]));
  part.replaceChildren(...fresh.childNodes);
  for (const field of part.querySelectorAll("[name]")) {
    const kept = typed.get(field.name);
    if (field.tagName !== "SELECT" || [...field.options].some((one) => one.value === kept)) field.value = kept ?? field.value;
  }
}
