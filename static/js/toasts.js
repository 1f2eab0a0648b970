// Toasts go after 6 s, after 10 s when they can be undone; they wait while the pointer or focus is on them.
const REST = 6000;
const REST_UNDO = 10000;
const place = document.getElementById("toasts");

function start(toast) {
  const rest = "undo" in toast.dataset ? REST_UNDO : REST;
  let timer = null;
  const go = () => (timer = setTimeout(() => toast.remove(), rest));
  const wait = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", wait);
  toast.addEventListener("pointerleave", go);
  toast.addEventListener("focusin", wait);
  toast.addEventListener("focusout", go);
  go();
}

export function show(text, { tone = "success", undo = "" } = {}) {
  const template = document.querySelector(`[data-toast-template="${tone}"]`) ?? document.querySelector("[data-toast-template]");
  if (!template || !place) return;
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.querySelector("p").textContent = text;
  if (undo) {
    toast.dataset.undo = "";
    const form = toast.querySelector("form");
    form.action = undo;
    form.hidden = false;
  } else {
    toast.querySelector("form").remove();
  }
  place.append(toast);
  start(toast);
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-dismiss]")) event.target.closest("[data-toast]").remove();
});
document.addEventListener("toast", (event) => show(event.detail.text, event.detail));
document.addEventListener("htmx:responseError", () => show(place.dataset.failed, { tone: "danger" }));
document.addEventListener("htmx:sendError", () => show(place.dataset.offline, { tone: "danger" }));
for (const toast of place?.querySelectorAll("[data-toast]") ?? []) start(toast);
