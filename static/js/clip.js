// A cell that is cut shows its whole text on hover and focus.
function reveal(event) {
  const cell = event.target.closest?.(".table td, .table th, .clip");
  if (!cell || cell.title || cell.querySelector("[title], .menu, form")) return;
  if (cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent.trim().replace(/\s+/g, " ");
}

document.addEventListener("pointerover", reveal);
document.addEventListener("focusin", reveal);
