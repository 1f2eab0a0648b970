// Lists: clean addresses of filters, typing survives a swap, selection with shift, selects that submit.

// Filters that are not set do not stand in the address.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.closest("[data-filters]")) return;
  const { parameters } = event.detail;
  for (const name of Object.keys(parameters)) {
    if (parameters[name] === "" || (Array.isArray(parameters[name]) && !parameters[name].length)) delete parameters[name];
  }
});

// What is typed in the search field while an answer is on its way is kept, with the caret.
let typed = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const field = document.activeElement;
  const inside = field?.matches?.("[data-filters] input[type=search]") && event.detail.target.contains(field);
  typed = inside ? { id: field.id, value: field.value, start: field.selectionStart, end: field.selectionEnd } : null;
});
document.addEventListener("htmx:afterSettle", () => {
  const field = typed && document.getElementById(typed.id);
  if (!field) return;
  const { value, start, end } = typed;
  typed = null;
  const behind = field.value !== value;
  field.value = value;
  field.focus();
  field.setSelectionRange(start, end);
  if (behind) field.dispatchEvent(new Event("input", { bubbles: true }));
});

// A popover of a filter that is open stays out of the way of the swap's focus; Enter in it submits.
document.addEventListener("change", (event) => {
  const field = event.target.closest("[data-submit-on-change]");
  if (field) field.form.requestSubmit();
});

// Selection
let lastBox = null;
const boxes = (list) => [...list.querySelectorAll("tbody .select input[type=checkbox]")];

export function tell(list) {
  const all = boxes(list);
  const count = all.filter((box) => box.checked).length;
  const head = list.querySelector("[data-select-all]");
  if (head) {
    head.checked = count > 0 && count === all.length;
    head.indeterminate = count > 0 && count < all.length;
  }
  const bar = list.querySelector("[data-selection]");
  if (!bar) return;
  bar.hidden = count === 0;
  const words = bar.querySelector("[data-selection-count]");
  if (words) words.textContent = (count === 1 ? words.dataset.one : words.dataset.many).replace("%n", count);
}

document.addEventListener("click", (event) => {
  const box = event.target.closest(".list .select input[type=checkbox]");
  if (!box) return;
  const list = box.closest(".list");
  const all = boxes(list);
  if (box.matches("[data-select-all]")) {
    for (const other of all) other.checked = box.checked;
  } else {
    if (event.shiftKey && lastBox && all.includes(lastBox)) {
      const [from, to] = [all.indexOf(lastBox), all.indexOf(box)].sort((a, b) => a - b);
      for (const other of all.slice(from, to + 1)) other.checked = box.checked;
    }
    lastBox = box;
  }
  tell(list);
});
