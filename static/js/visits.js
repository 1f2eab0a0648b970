// Counts visits: pages, clicks on links, forms begun and sent. No cookie; Do Not Track and GPC are obeyed.
// With data-consent="ask": sextant.consent(true) or (false).
(() => {
  const me = document.currentScript, nav = navigator, KEY = "sextant.visitor", started = new WeakSet();
  if (!me || nav.globalPrivacyControl || nav.doNotTrack === "1" || nav.webdriver) return;
  const to = new URL("hits", me.src).href;
  let visitor = "", queue = [], timer = 0;
  try { visitor = localStorage[KEY] || ""; } catch {}
  let refused = me.dataset.consent === "ask" && !visitor;
  const send = () => {
    timer = clearTimeout(timer);
    if (!queue.length) return;
    const now = Date.now(), w = Math.min(screen.width, screen.height);
    const body = JSON.stringify({
      p: location.pathname.slice(0, 300), q: location.search.slice(0, 2000), r: document.referrer.slice(0, 2000),
      v: visitor, n: refused ? 1 : 0, d: w < 600 ? "mobile" : nav.maxTouchPoints > 1 && w < 1100 ? "tablet" : "desktop",
      e: queue.splice(0, 50).map(([what, at]) => [what, Math.min(now - at, 18e5)]),
    });
    fetch(to, { method: "POST", body, keepalive: true, mode: "no-cors", credentials: "omit" }).catch(() => {});
  };
  const note = (what, now) => {
    queue.push([what, Date.now()]);
    if (now) send();
    else timer ||= setTimeout(send, 2000);
  };
  const on = (what, run) => addEventListener(what, run, true);
  on("click", (event) => event.target.closest?.("a[href]") && note("click", 1));
  on("input", ({ target: { form } }) => {
    if (form && !started.has(form)) started.add(form), note("start");
  });
  on("submit", () => note("submit", 1));
  on("pagehide", send);
  window.sextant = {
    consent(yes) {
      refused = !yes;
      visitor = yes ? visitor || crypto.randomUUID?.() || "" : "";
      try { localStorage[KEY] = visitor; } catch {}
    },
  };
  note("view");
})();
