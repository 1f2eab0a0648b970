// Theme and rows change at once and are remembered by the server in the background.
document.documentElement.classList.add("js");

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-preferences] button[data-choice]");
  if (!button) return;
  event.preventDefault();
  const { choice } = button.dataset;
  document.documentElement.dataset[choice] = button.value;
  for (const other of button.parentElement.querySelectorAll("button")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  const data = new FormData(button.form);
  data.set(button.name, button.value);
  fetch(button.form.action, { method: "POST", body: data, headers: { "HX-Request": "true" } });
});
