// Progressive enhancement only: every page works without it, but passkeys.
"use strict";

// "/" puts the cursor into the page's search.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("[data-search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
});

// Selects of a filter send it at once; the button stays for those without a script.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-now]");
  if (form && event.target.matches("select") && !window.htmx) form.requestSubmit();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
