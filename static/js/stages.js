// A stage bar that is wider than the screen shows the stage the deal is in.
function reveal(root) {
  for (const stage of root.querySelectorAll(".stage-bar [aria-current=step]")) {
    const bar = stage.closest(".stage-bar");
    if (bar.scrollWidth > bar.clientWidth) bar.scrollLeft = stage.offsetLeft - bar.offsetLeft - (bar.clientWidth - stage.clientWidth) / 2;
  }
}

reveal(document);
document.addEventListener("htmx:load", (event) => reveal(event.detail.elt));
