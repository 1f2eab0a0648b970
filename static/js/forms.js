// Forms: the first wrong field gets the focus, Ctrl/Cmd+Enter saves, Esc leaves but asks when something was typed.
import { busy, enhance, settled } from "./combobox.js";

const FORM = "form[data-form]";
const state = new WeakMap();
const snapshot = (form) => new URLSearchParams(new FormData(form)).toString();
const changed = (form) => state.has(form) && state.get(form) !== snapshot(form);

export function prepare(root) {
  for (const select of root.querySelectorAll("select[data-combobox]")) enhance(select);
  for (const form of root.querySelectorAll(FORM)) state.set(form, form.querySelector(".wrong, .form-errors") ? "" : snapshot(form));
  const wrong = root.querySelector("[aria-invalid=true]:not([type=hidden], [hidden])");
  if (wrong) wrong.focus();
  else if (root === document) root.querySelector("form[data-fresh]")?.querySelector("input:not([type=hidden], [hidden]), textarea, select:not([hidden])")?.focus();
}

function ask(form) {
  const bar = form.querySelector("[data-unsaved]");
  if (!bar) return;
  bar.hidden = false;
  bar.querySelector("[data-stay]").focus();
}

function leave(form, address) {
  state.delete(form);
  location.assign(address);
}

document.addEventListener("keydown", (event) => {
  const form = event.target.form ?? event.target.closest?.("form");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) {
    event.preventDefault();
    form.requestSubmit();
  }
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  // Esc belongs to the form when the focus is in it or nowhere, not in search or a menu.
  const main = event.target.closest?.(FORM) ?? (event.target === document.body ? document.querySelector(FORM) : null);
  const cancel = main?.querySelector("[data-cancel]");
  if (!cancel) return;
  event.preventDefault();
  if (changed(main)) ask(main);
  else leave(main, cancel.href);
});

document.addEventListener("click", (event) => {
  const cancel = event.target.closest("[data-cancel]");
  const form = event.target.closest(FORM);
  if (!form) return;
  if (cancel && changed(form)) {
    event.preventDefault();
    ask(form);
  } else if (cancel) {
    state.delete(form);
  }
  const leaver = event.target.closest("[data-leave]");
  if (leaver) {
    event.preventDefault();
    leave(form, leaver.href);
  }
  if (event.target.closest("[data-stay]")) {
    event.target.closest("[data-unsaved]").hidden = true;
    form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  }
});

// A second click on Save does not send the form twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (busy()) {
    event.preventDefault();
    settled().then(() => form.requestSubmit(event.submitter));
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  state.delete(form);
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(() => {
    delete form.dataset.sent;
    event.submitter?.removeAttribute("aria-busy");
  }, 8000);
});

window.addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll(FORM)].some(changed)) event.preventDefault();
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

prepare(document);
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) prepare(event.detail.elt);
});
