// A ticket's page: reply and note, drafts kept in this browser, saved replies at the cursor, Ctrl+Shift+Enter.
import "./due.js";

const form = document.querySelector("[data-reply]");
const page = document.querySelector("[data-ticket]");
const text = form?.querySelector("textarea");
const DRAFTS = "draft:";

// --- drafts: one for each reader, ticket and kind of message; gone once it was sent
const key = () => `${DRAFTS}${page.dataset.reader}:${page.dataset.ticket}:${form.elements.visibility.value}`;
const words = form?.querySelector("[data-draft-words]");

function keep() {
  if (text.value.trim()) localStorage.setItem(key(), text.value);
  else localStorage.removeItem(key());
}

function restore() {
  const draft = localStorage.getItem(key());
  words.hidden = !draft || text.value !== "";
  if (draft && text.value === "") text.value = draft;
}

function forgetSent() {
  const sent = /(?:^|; )sent=(\d+)/.exec(document.cookie)?.[1];
  if (!sent || !page) return;
  document.cookie = "sent=; max-age=0; path=/tickets/";
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith(`${DRAFTS}${page.dataset.reader}:${sent}:`)) localStorage.removeItem(name);
  }
}

function setMode(mode) {
  const chosen = form.querySelector(`[name=visibility][value=${mode}]`);
  if (chosen.checked) return;
  keep();
  chosen.checked = true;
  swapDraft();
}

let before = form?.elements.visibility.value;
function swapDraft() {
  // What was typed goes along when there is no draft of the other kind: a note is often a reply that was thought better of.
  const typed = text.value;
  before = form.elements.visibility.value;
  const other = localStorage.getItem(key());
  if (other && !typed.trim()) text.value = other;
  words.hidden = true;
}

if (form) {
  forgetSent();
  if (!("refused" in form.dataset)) restore();
  else form.scrollIntoView({ block: "end" });
  text.addEventListener("input", keep);
  form.addEventListener("change", (event) => {
    if (event.target.name === "visibility" && event.target.value !== before) swapDraft();
  });
  form.querySelector("[data-draft-drop]").addEventListener("click", () => {
    text.value = "";
    keep();
    words.hidden = true;
    text.focus();
  });
  for (const link of form.querySelectorAll("[data-mode]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      setMode(link.dataset.mode);
      text.focus();
      text.scrollIntoView({ block: "nearest" });
    });
  }
  // Before forms.js, which would send the form without solving.
  window.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.shiftKey || !(event.ctrlKey || event.metaKey) || event.target.form !== form) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const solve = form.querySelector("button[name=solve]");
    if (form.elements.visibility.value === "public" && solve) form.requestSubmit(solve);
    else form.requestSubmit();
  }, true);
}

// --- saved replies
let caret = null;
text?.addEventListener("blur", () => (caret = [text.selectionStart, text.selectionEnd]));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button || !text) return;
  const [start, end] = caret ?? [text.value.length, text.value.length];
  text.setRangeText(button.dataset.insert, start, end, "end");
  button.closest("details").open = false;
  text.focus();
  keep();
});
document.addEventListener("keydown", (event) => {
  const list = event.target.closest?.(".saved .popover");
  if (!list || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  const rows = [...list.querySelectorAll("[data-insert]")];
  const at = rows.indexOf(document.activeElement);
  if (event.key === "Enter") {
    if (at >= 0) return;
    event.preventDefault();
    rows[0]?.click();
  } else {
    event.preventDefault();
    rows[Math.min(Math.max(at + (event.key === "ArrowDown" ? 1 : -1), 0), rows.length - 1)]?.focus();
  }
});

// --- files: the label says what was chosen
const files = form?.querySelector("input[type=file]");
files?.addEventListener("change", () => {
  const label = form.querySelector("[data-files]");
  label.dataset.empty ??= label.textContent;
  label.textContent = [...files.files].map((file) => file.name).join(", ") || label.dataset.empty;
});

// --- the newest message is what one came for
const newest = [...document.querySelectorAll(".conversation > .message")].at(-1);
if (newest && form && !location.hash) {
  const covered = newest.getBoundingClientRect().bottom - form.getBoundingClientRect().top;
  if (covered > 0) window.scrollBy(0, covered + 12);
}
