// Popovers made of <details data-menu>: one open at a time, Esc and a click outside close, arrows move inside.
const OPEN = "details[data-menu][open]";

function close(menu, giveBackFocus) {
  menu.open = false;
  if (giveBackFocus) menu.querySelector("summary").focus();
}

function place(menu) {
  const box = menu.querySelector(":scope > .popover, :scope > .menu-items");
  if (!box) return;
  box.classList.remove("flip-start", "flip-end");
  const { left, right } = box.getBoundingClientRect();
  if (left < 4) box.classList.add("flip-start");
  else if (right > document.documentElement.clientWidth - 4) box.classList.add("flip-end");
}

document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.("details[data-menu]") || !menu.open) return;
    for (const other of document.querySelectorAll(OPEN)) {
      if (other !== menu && !other.contains(menu)) other.open = false;
    }
    place(menu);
  },
  true,
);

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-menu-close]");
  if (closer) close(closer.closest("details"), true);
  for (const menu of document.querySelectorAll(OPEN)) {
    if (!menu.contains(event.target)) close(menu, false);
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu]");
  if (event.key === "Escape") {
    const open = menu?.open ? menu : document.querySelector(OPEN);
    if (open) {
      event.stopImmediatePropagation();
      event.preventDefault();
      close(open, true);
    }
    return;
  }
  if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key) || event.target.matches("input, select, textarea")) return;
  const items = [...menu.querySelectorAll(".menu-items :is(a, button)")];
  if (!items.length) return;
  event.preventDefault();
  if (!menu.open) menu.open = true;
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(document.activeElement);
  items[at < 0 && step < 0 ? items.length - 1 : (at + step + items.length) % items.length].focus();
});

// The menu of the phone comes in from the side.
const sidebar = document.getElementById("sidebar");
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-sidebar-open]")) {
    event.preventDefault();
    sidebar.dataset.open = "";
    sidebar.querySelector("[data-sidebar-close]").focus();
  } else if (sidebar && "open" in sidebar.dataset && (event.target.closest("[data-sidebar-close]") || !sidebar.contains(event.target))) {
    event.preventDefault();
    delete sidebar.dataset.open;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && sidebar && "open" in sidebar.dataset) {
    delete sidebar.dataset.open;
    document.querySelector("[data-sidebar-open]")?.focus();
  }
});
