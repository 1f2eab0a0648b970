// Tooltips of charts: hover, touch, and the arrow keys. The values come from the marks' data-tip, so nothing is fetched.

function describe(tip) {
  const [[head], ...rows] = tip;
  const box = document.createDocumentFragment();
  const title = document.createElement("strong");
  title.textContent = head;
  const list = document.createElement("dl");
  for (const [label, text, colour] of rows) {
    const name = document.createElement("dt");
    const value = document.createElement("dd");
    if (colour) {
      const key = document.createElement("span");
      key.className = `chart-key s${colour}`;
      if (rows.filter((row) => row[2]).length > 1) name.append(key);
      name.classList.add("is-value");
      value.classList.add("is-value");
    }
    name.append(label);
    value.textContent = text;
    list.append(name, value);
  }
  box.append(title, list);
  return box;
}

const spoken = ([[head], ...rows]) => `${head}: ${rows.map(([label, text]) => `${label} ${text}`).join(", ")}`;

function attach(canvas) {
  if (canvas.dataset.chart === "ready") return;
  canvas.dataset.chart = "ready";
  const stops = [...canvas.querySelectorAll(".chart-stop")];
  const box = canvas.querySelector(".chart-tip");
  const voice = canvas.querySelector("[role=status]");
  if (!stops.length) return;
  // The browser's own tooltip would lie over ours.
  canvas.querySelectorAll("svg title").forEach((title) => {
    if (!title.id) title.remove();
  });
  let at = -1;

  function hide() {
    stops[at]?.classList.remove("is-shown");
    at = -1;
    box.hidden = true;
  }

  function show(place, aloud) {
    if (place === at) return;
    stops[at]?.classList.remove("is-shown");
    at = place;
    const tip = JSON.parse(stops[at].dataset.tip);
    stops[at].classList.add("is-shown");
    box.replaceChildren(describe(tip));
    box.hidden = false;
    const plot = canvas.querySelector(".chart-plot").getBoundingClientRect();
    const middle = (plot.width * (at + 0.5)) / stops.length;
    const half = plot.width / stops.length / 2;
    const room = plot.width - middle > box.offsetWidth + half + 12;
    const left = room ? middle + half + 8 : middle - half - 8 - box.offsetWidth;
    box.style.transform = `translate(${Math.round(Math.max(-24, left))}px, 8px)`;
    if (aloud) voice.textContent = spoken(tip);
  }

  const place = (event) => {
    const plot = canvas.querySelector(".chart-plot").getBoundingClientRect();
    const share = (event.clientX - plot.left) / plot.width;
    return share < 0 || share >= 1 ? -1 : Math.floor(share * stops.length);
  };

  canvas.addEventListener("pointermove", (event) => {
    const found = place(event);
    if (found < 0) hide();
    else show(found, false);
  });
  canvas.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") hide();
  });
  canvas.addEventListener("focus", () => {
    if (canvas.matches(":focus-visible")) show(at < 0 ? stops.length - 1 : at, true);
  });
  canvas.addEventListener("blur", hide);
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: (at < 0 ? stops.length : at) - 1, ArrowRight: at + 1, Home: 0, End: stops.length - 1 };
    if (event.key === "Escape") hide();
    else if (event.key in steps) {
      event.preventDefault();
      show(Math.min(stops.length - 1, Math.max(0, steps[event.key])), true);
    }
  });
}

function start(root) {
  root.querySelectorAll("[data-chart]").forEach(attach);
}

start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
