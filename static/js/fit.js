// While a date is chosen, shows whether it would hold, and puts the earliest that would into the field on one press.
const PAUSE = 350;
const WEIGHED = ["client", "due_on", "due_time", "estimate_hours", "owner", "new_date", "new_time"];
const DATES = ["due_on", "new_date"];

for (const panel of document.querySelectorAll("[data-fit-url]")) {
  const form = panel.closest("form");
  let timer;
  let asked;

  for (const button of form.querySelectorAll("[data-weigh]")) button.hidden = true;
  for (const happens of ["input", "change"]) form.addEventListener(happens, (event) => isWeighed(event.target) && soon());
  if (!form.querySelector(".fit")) ask();

  form.addEventListener("click", (event) => {
    const take = event.target.closest("[data-take]");
    if (!take) return;
    event.preventDefault();
    const date = fields(DATES)[0];
    date.value = take.dataset.take;
    date.focus();
    ask();
  });

  function soon() {
    clearTimeout(timer);
    asked?.abort();
    timer = setTimeout(ask, PAUSE);
  }

  async function ask() {
    if (!fields(DATES)[0].value.trim()) return panel.replaceChildren();
    asked = new AbortController();
    const address = new URL(panel.dataset.fitUrl, location.href);
    for (const field of fields(WEIGHED)) address.searchParams.set(nameOf(field), field.value);
    try {
      const answer = await fetch(address, { signal: asked.signal, headers: { "X-Requested-With": "fetch" } });
      // A page instead of a fragment means that the session has ended.
      if (answer.ok && !answer.redirected) panel.innerHTML = await answer.text();
    } catch (error) {
      // What is shown may be about another date by now; the form saves without it as well.
      if (error.name !== "AbortError") panel.replaceChildren();
    }
  }

  function fields(names) {
    return [...form.elements].filter((field) => names.includes(nameOf(field)));
  }
}

function isWeighed(field) {
  return WEIGHED.includes(nameOf(field));
}

// Of several forms on a page each has its own prefix.
function nameOf(field) {
  return field.name?.replace(/^line-\d+-/, "");
}
