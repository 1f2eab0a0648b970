// Rows of a formset that grow: [data-formset] with [data-formset-rows], a <template data-formset-empty> and [data-formset-add].
// Without script the server's one blank row is there; with script any number can be added.

function setUp(box) {
  const rows = box.querySelector("[data-formset-rows]");
  const empty = box.querySelector("[data-formset-empty]");
  const total = box.querySelector(`[name="${box.dataset.formset}-TOTAL_FORMS"]`);
  const add = box.querySelector("[data-formset-add]");
  if (!rows || !empty || !total || !add) return;
  add.hidden = false;
  add.addEventListener("click", () => {
    const holder = document.createElement("template");
    holder.innerHTML = empty.innerHTML.replaceAll("__prefix__", total.value);
    const row = holder.content.firstElementChild;
    rows.append(row);
    total.value = Number(total.value) + 1;
    row.dispatchEvent(new CustomEvent("sextant:added", { bubbles: true }));
    row.querySelector("input:not([type=hidden]), select")?.focus();
  });
}

document.querySelectorAll("[data-formset]").forEach(setUp);
