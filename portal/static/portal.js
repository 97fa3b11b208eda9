// What the pages do better with JavaScript; everything works without it.
"use strict";

const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) { event.preventDefault(); search.focus(); }
  }
  if (event.key === "?") location.assign("/keyboard");
});

// Lists that refresh themselves tell the server that nobody is at the keyboard, so that an idle session still ends.
document.addEventListener("htmx:config:request", (event) => {
  const context = event.detail.ctx;
  if (context && context.sourceElement && context.sourceElement.hasAttribute("data-refresh")) {
    context.request.headers["X-Refresh"] = "true";
  }
});

// Boxes "select all" of a table.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-all]")) return;
  for (const box of document.querySelectorAll(event.target.dataset.all)) box.checked = event.target.checked;
});

// After a form came back with errors, the summary is read first.
const summary = document.querySelector("[data-errors]");
if (summary) summary.focus();
