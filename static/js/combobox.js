// A <select data-combobox> becomes a field that searches as one types. The select stays in the form and holds the value.
// With data-url the options come from the server: {"results": [{"value", "label", "detail"}]}; with data-create the text can be new.
let number = 0;

// Fields that still look for what was typed in them; a form waits for these before it is sent.
const searching = new Set();
export const settled = () => Promise.all(searching);
export const busy = () => searching.size > 0;

const plainText = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

class Combobox {
  constructor(select) {
    this.select = select;
    this.id = `combobox-${++number}`;
    this.url = select.dataset.url;
    this.options = [];
    this.active = -1;
    this.asked = 0;
    this.waiting = false; // something was typed, and what fits is not known yet
    this.settling = null;
    this.build();
    this.listen();
  }

  build() {
    const { select } = this;
    this.input = make("input", {
      type: "text",
      role: "combobox",
      id: select.id || this.id,
      autocomplete: "off",
      spellcheck: "false",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      "aria-controls": `${this.id}-list`,
    });
    for (const name of ["aria-describedby", "aria-invalid", "aria-label", "placeholder"]) {
      const value = select.getAttribute(name) ?? (name === "placeholder" ? select.dataset.placeholder : null);
      if (value) this.input.setAttribute(name, value);
    }
    if (select.required) this.input.setAttribute("aria-required", "true");
    this.input.disabled = select.disabled;
    this.button = make("button", { type: "button", class: "combobox-open", tabindex: "-1", "aria-label": select.dataset.openLabel ?? "…" });
    this.button.append(icon());
    this.list = make("div", { role: "listbox", id: `${this.id}-list`, "aria-label": this.input.labels?.[0]?.textContent.trim() ?? select.dataset.label ?? "" });
    this.list.hidden = true;
    this.box = make("div", { class: "combobox" });
    select.after(this.box);
    this.box.append(this.input, this.button, this.list);
    select.removeAttribute("id");
    select.removeAttribute("aria-invalid");
    select.required = false;
    select.hidden = true;
    select.tabIndex = -1;
    this.showValue();
    const label = this.input.labels?.[0]?.textContent.trim();
    if (label) this.list.setAttribute("aria-label", label);
  }

  listen() {
    this.input.addEventListener("input", () => this.search(this.input.value));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("click", () => this.list.hidden && this.search(""));
    this.box.addEventListener("focusout", (event) => {
      if (!this.box.contains(event.relatedTarget)) this.leave();
    });
    this.button.addEventListener("mousedown", (event) => event.preventDefault());
    this.button.addEventListener("click", () => {
      this.input.focus();
      if (this.list.hidden) this.search("");
      else this.close();
    });
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.at));
    });
  }

  showValue() {
    const chosen = this.select.selectedOptions[0];
    this.input.value = chosen && chosen.value ? chosen.textContent.trim() : "";
  }

  search(text) {
    const wanted = text.trim();
    if (this.url) {
      this.waiting = wanted !== "";
      this.asked += 1; // an answer to what stood there before is too late
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.fetch(wanted), wanted ? 160 : 0);
      return;
    }
    const parts = plainText(wanted).split(/\s+/).filter(Boolean);
    const all = [...this.select.options].filter((option) => option.value || !this.select.dataset.required);
    const found = all.filter((option) => parts.every((part) => plainText(option.textContent).includes(part)));
    this.open(
      found.slice(0, 100).map((option) => ({ value: option.value, label: option.textContent.trim(), empty: !option.value })),
      wanted,
    );
  }

  async fetch(text) {
    const turn = ++this.asked;
    const address = new URL(this.url, location.href);
    address.searchParams.set("q", text);
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { results } = await answer.json();
      if (turn === this.asked) this.open(results, text);
    } catch {
      if (turn === this.asked) this.open([], text, this.select.dataset.failed ?? "");
    }
    this.waiting = this.waiting && turn !== this.asked;
  }

  // Who types fast goes on before the answer is there: then the first that fits is taken, as if it had been.
  settle() {
    if (this.settling) return;
    clearTimeout(this.timer);
    this.settling = this.fetch(this.input.value.trim()).then(() => {
      if (this.active >= 0) this.choose(this.active);
      else this.leave();
      searching.delete(this.settling);
      this.settling = null;
    });
    searching.add(this.settling);
  }

  open(options, text, problem = "") {
    this.options = options.map((option) => ({ ...option, value: String(option.value) }));
    const exact = this.options.some((option) => plainText(option.label) === plainText(text));
    if ("create" in this.select.dataset && text && !exact && !problem) {
      this.options.push({ value: `new:${text}`, label: text, create: true });
    }
    this.list.replaceChildren(...this.options.map((option, at) => this.draw(option, at)));
    if (!this.options.length) this.list.append(make("div", { class: "combobox-empty" }, problem || this.select.dataset.none || ""));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    const chosen = this.options.findIndex((option) => option.value === this.select.value);
    this.mark(text ? 0 : chosen);
  }

  draw(option, at) {
    const item = make("div", { role: "option", id: `${this.id}-${at}`, "data-at": at, "aria-selected": String(option.value === this.select.value) });
    if (option.create) {
      item.classList.add("create");
      item.textContent = this.select.dataset.createLabel.replace("%s", option.label);
    } else {
      item.append(make("span", {}, option.label || "—"));
      if (option.detail) item.append(make("small", {}, option.detail));
    }
    return item;
  }

  mark(at) {
    this.active = Math.min(at, this.options.length - 1);
    for (const [place, item] of [...this.list.querySelectorAll("[role=option]")].entries()) {
      item.classList.toggle("active", place === this.active);
      if (place === this.active) item.scrollIntoView({ block: "nearest" });
    }
    if (this.active >= 0) this.input.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) this.search("");
      else if (this.options.length) this.mark((this.active + (event.key === "ArrowDown" ? 1 : -1) + this.options.length) % this.options.length);
    } else if (this.waiting && (event.key === "Tab" || event.key === "Enter")) {
      if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) event.preventDefault();
      this.settle();
    } else if (event.key === "Enter" && open && (event.ctrlKey || event.metaKey)) {
      if (this.active >= 0 && this.input.value.trim()) this.choose(this.active);
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      if (this.active >= 0) this.choose(this.active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
      this.showValue();
    } else if (event.key === "Tab" && open && this.active >= 0 && this.input.value.trim()) {
      this.choose(this.active);
    }
  }

  choose(at) {
    const option = this.options[at];
    if (!option) return;
    let chosen = [...this.select.options].find((each) => each.value === option.value);
    if (!chosen) {
      chosen = new Option(option.label, option.value);
      this.select.add(chosen);
    }
    this.select.value = option.value;
    this.showValue();
    this.close();
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Leaving with an emptied field clears the value; with half a word the old value stays, but what can be new is kept.
  leave() {
    if (this.waiting) {
      this.settle();
      return;
    }
    const fresh = this.list.hidden ? -1 : this.options.findIndex((option) => option.create && option.label === this.input.value.trim());
    if (fresh >= 0) {
      this.choose(fresh);
      return;
    }
    if (!this.input.value.trim() && this.select.value) {
      const none = [...this.select.options].find((option) => !option.value) ?? new Option("", "");
      if (!none.isConnected) this.select.add(none, 0);
      this.select.value = "";
      this.select.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.showValue();
    this.close();
  }

  close() {
    this.asked += 1;
    this.waiting = false;
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

function icon() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true", fill: "none", stroke: "currentColor", "stroke-width": 1.5 })) {
    svg.setAttribute(name, value);
  }
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "m2.5 4.5 3.5 3.5 3.5-3.5");
  svg.append(path);
  return svg;
}

export function enhance(select) {
  if (select.hidden || select.multiple) return;
  new Combobox(select);
}
