// Keys that work when nobody is typing: / search, n new, j k rows, x select, [ ] pages, ? this list; and [data-hotkey] of the page:
// a button or link is pressed, a field gets the focus, a menu opens with the focus in it. <html data-keys="off"> turns all off but ?.
const typing = (element) => element.closest?.("input, textarea, select, [contenteditable]") !== null;
let waitingForNew = 0;

function openNew() {
  const menu = document.querySelector("[data-new-menu]");
  if (!menu) return;
  menu.open = true;
  menu.querySelector("a")?.focus();
  waitingForNew = Date.now();
}

function stepRow(step) {
  const rows = [...document.querySelectorAll("main .row-link")];
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function hotkey(key) {
  const target = [...document.querySelectorAll("main [data-hotkey]")].find((each) => each.dataset.hotkey === key && each.checkVisibility());
  if (!target || target.disabled) return false;
  if (target.matches("summary")) {
    target.parentElement.open = true;
    target.parentElement.querySelector("input:not([type=hidden]), select, textarea, button, a")?.focus();
  } else if (target.matches("input, select, textarea")) target.focus();
  else target.click();
  return true;
}

const KEYS = {
  "/": () => {
    const search = document.getElementById("search");
    search?.focus();
    search?.select();
  },
  n: openNew,
  j: () => stepRow(1),
  k: () => stepRow(-1),
  x: () => document.activeElement.closest("tr")?.querySelector(".select input")?.click(),
  "[": () => document.querySelector(".pager [rel=prev]")?.click(),
  "]": () => document.querySelector(".pager [rel=next]")?.click(),
  "?": () => document.getElementById("keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  const fresh = document.querySelector("[data-new-menu][open]");
  if (fresh && Date.now() - waitingForNew < 5000) {
    const item = [...fresh.querySelectorAll("[data-key]")].find((link) => link.dataset.key === event.key);
    if (item) {
      event.preventDefault();
      item.click();
      return;
    }
  }
  if (document.querySelector("dialog[open]")) return;
  const off = document.documentElement.dataset.keys === "off" && event.key !== "?";
  const act = off ? null : KEYS[event.key];
  if (act) {
    event.preventDefault();
    act();
  } else if (!off && hotkey(event.key)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys-open]")) {
    event.target.closest("details").open = false;
    KEYS["?"]();
  }
  const search = event.target.closest("[data-focus-search]");
  if (search && document.getElementById("search")) {
    event.preventDefault();
    KEYS["/"]();
  }
});
