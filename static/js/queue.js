// The queue is live: every 20 seconds, while somebody looks, its counts and rows are fetched again. Focus and selection stay.
import { tick } from "./due.js";
import { tell } from "./lists.js";

const EVERY = 20_000;
const PARTS = ["queue-views", "queue-rows"];
let asking = false;

const inUse = () => document.querySelector("dialog[open], .list details[data-menu][open], .list.htmx-request");

function put(fresh) {
  const old = document.getElementById(fresh.id);
  if (!old || old.innerHTML === fresh.innerHTML) return;
  const chosen = [...old.querySelectorAll(".select input:checked")].map((box) => box.value);
  const focus = old.contains(document.activeElement) ? document.activeElement : null;
  const address = focus?.getAttribute("href");
  const name = focus?.getAttribute("name");
  const value = focus?.value;
  if (name && focus.matches("select, input:not([type=checkbox])") && (value || chosen.length)) return; // a choice is being made
  old.replaceChildren(...fresh.childNodes);
  for (const box of old.querySelectorAll(".select input[name=ids]")) box.checked = chosen.includes(box.value);
  const again = [...old.querySelectorAll("a[href], [name]")].find((each) =>
    address ? each.getAttribute("href") === address : name && each.name === name && each.value === value);
  again?.focus({ preventScroll: true });
  window.htmx?.process(old);
  tell(old.closest(".list"));
}

async function refresh() {
  if (document.hidden || asking || inUse()) return;
  asking = true;
  try {
    const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (inUse()) return;
    for (const part of PARTS.map((id) => page.getElementById(id))) if (part) put(part);
    tick();
  } catch {
    // The server cannot be reached: what is shown stays, the next turn asks again.
  } finally {
    asking = false;
  }
}

setInterval(refresh, EVERY);
document.addEventListener("visibilitychange", refresh);
