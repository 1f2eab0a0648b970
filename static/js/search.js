// Suggestions under the search field: arrows move, Esc closes, a click outside closes.
const box = document.querySelector("[data-search]");

if (box) {
  const input = box.querySelector("input[type=search]");
  const list = box.querySelector(".suggestions");
  const links = () => [...list.querySelectorAll("a")];
  const clear = () => list.replaceChildren();

  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (list.childElementCount) event.stopPropagation();
      clear();
      if (document.activeElement !== input) input.focus();
      else if (!input.value) input.blur();
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const all = links();
    if (!all.length) return;
    event.preventDefault();
    const at = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    if (at < 0) input.focus();
    else all[Math.min(at, all.length - 1)].focus();
  });
  input.addEventListener("input", () => {
    if (!input.value.trim()) clear();
  });
  // An answer that comes after the field was emptied is not shown.
  list.addEventListener("htmx:beforeSwap", (event) => {
    if (!input.value.trim()) event.detail.shouldSwap = false;
  });
  document.addEventListener("click", (event) => {
    if (!box.contains(event.target)) clear();
  });
  box.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !box.contains(event.relatedTarget)) clear();
  });
}
