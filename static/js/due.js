// Countdowns: <time data-due datetime="…"> says how long is left, in the words of the nearest [data-due-in].
const MINUTE = 60_000;

function span(words, minutes) {
  const parts = [[Math.floor(minutes / 1440), words.dueDays], [Math.floor((minutes % 1440) / 60), words.dueHours], [minutes % 60, words.dueMinutes]];
  const first = parts.findIndex(([count]) => count > 0);
  return parts.slice(first, first + 2).filter(([count]) => count > 0).map(([count, unit]) => unit.replace("%s", count)).join(" ");
}

export function tick(root = document) {
  for (const time of root.querySelectorAll("time[data-due]")) {
    const words = time.closest("[data-due-in]")?.dataset;
    if (!words) continue;
    const left = new Date(time.dateTime) - Date.now();
    const minutes = Math.floor(Math.abs(left) / MINUTE);
    time.classList.toggle("late", left <= 0);
    time.classList.toggle("soon", left > 0 && left <= 60 * MINUTE);
    time.textContent = minutes < 1 ? words.dueNow : (left > 0 ? words.dueIn : words.dueLate).replace("%s", span(words, minutes));
  }
}

setInterval(tick, 20_000);
