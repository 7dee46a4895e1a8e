// Weekday by hour: how many at each, and a choice of weekdays and hours by click, drag or keys.

import { colour, h, number, s, t } from "./core.js";
import { weekdayNames } from "./incident_filters.js";

const [TALL, LEFT, HOURS] = [18, 28, 24];
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const CHOICES = () => [[t("工作日"), "1,2,3,4,5", ""], [t("周末"), "6,7", ""], [t("白天 8–18 时"), "", "8-17"], [t("夜间 20–6 时"), "", "20-5"]];

const isIn = (hour, [first, last]) => (first <= last ? hour >= first && hour <= last : hour >= first || hour <= last);

// told(weekdays, hours) as the service reads them: "6,7" and "20-5", empty for all.
export function hourChart(place, choices, told) {
  const names = weekdayNames();
  const tone = colour("accent");
  const state = { counts: null, weekdays: "", hours: "", cursor: [0, 8], anchor: null, drawn: null };
  let cell = 14;

  const cells = Array.from({ length: 7 * HOURS }, (_, at) => s("rect", { class: "hour", y: Math.floor(at / HOURS) * TALL + 1, height: TALL - 2, rx: 2, fill: "var(--sunk)" }));
  const labels = names.map((name, day) => s("text", { class: "hour__day", x: 0, y: day * TALL + 13, onclick: () => toggleDay(day) }, name));
  const ticks = [0, 6, 12, 18, 23].map((hour) => s("text", { class: "hour__tick", y: 7 * TALL + 12, "text-anchor": "middle", "data-hour": hour }, String(hour)));
  const frame = s("rect", { class: "hour__cursor", height: TALL, rx: 3 });
  const svg = s("svg", { class: "chart hours", tabindex: 0, role: "application", "aria-labelledby": "hours-keys", "aria-describedby": "hours-note" }, labels, cells, ticks, frame);
  const note = h("p", { class: "section__note", id: "hours-note", role: "status" });
  const buttons = CHOICES().map(([label, weekdays, hours]) => h("button", { class: "chip", type: "button", "aria-pressed": "false", onclick: () => choose(isChosen(weekdays, hours) ? ["", ""] : [weekdays, hours]) }, label));
  place.replaceChildren(svg, note);
  choices.replaceChildren(...buttons);
  new ResizeObserver(place_).observe(place);

  const isChosen = (weekdays, hours) => state.weekdays === weekdays && state.hours === hours;
  function choose([weekdays, hours]) {
    // Shown at once: the counts follow.
    Object.assign(state, { weekdays, hours, anchor: null });
    drawChoice();
    told(weekdays, hours);
  }

  // Rows between two cells are weekdays, columns are hours; all of them is no choice.
  function boxOf([dayA, hourA], [dayB, hourB]) {
    const [top, bottom] = [dayA, dayB].sort((a, b) => a - b);
    const [first, last] = [hourA, hourB].sort((a, b) => a - b);
    const days = Array.from({ length: bottom - top + 1 }, (_, at) => top + at + 1);
    return [days.length === 7 ? "" : days.join(","), first === 0 && last === 23 ? "" : `${first}-${last}`];
  }

  function toggleDay(day) {
    const days = new Set(state.weekdays ? state.weekdays.split(",").map(Number) : []);
    if (!days.delete(day + 1)) days.add(day + 1);
    choose([days.size === 7 ? "" : [...days].sort().join(","), state.hours]);
  }

  function place_() {
    const width = place.clientWidth || 340;
    cell = (width - LEFT) / HOURS;
    svg.setAttribute("viewBox", `0 0 ${width} ${7 * TALL + 16}`);
    cells.forEach((rect, at) => {
      rect.setAttribute("x", LEFT + (at % HOURS) * cell);
      rect.setAttribute("width", Math.max(cell - 2, 4));
    });
    for (const tick of ticks) tick.setAttribute("x", LEFT + (Number(tick.dataset.hour) + 0.5) * cell - 1);
    frame.setAttribute("width", cell);
    drawCursor();
  }

  function drawCursor() {
    frame.setAttribute("x", LEFT + state.cursor[1] * cell - 1);
    frame.setAttribute("y", state.cursor[0] * TALL);
  }

  function drawChoice([weekdays, hours] = [state.weekdays, state.hours]) {
    const days = weekdays ? new Set(weekdays.split(",").map(Number)) : null;
    const span = hours ? hours.split("-").map(Number) : null;
    cells.forEach((rect, at) => {
      const out = (days && !days.has(Math.floor(at / HOURS) + 1)) || (span && !isIn(at % HOURS, span));
      rect.classList.toggle("hour--out", Boolean(out));
    });
    labels.forEach((label, day) => label.classList.toggle("hour__day--in", Boolean(days && days.has(day + 1))));
    CHOICES().forEach(([, choiceDays, choiceHours], at) => buttons[at].setAttribute("aria-pressed", String(choiceDays === weekdays && choiceHours === hours)));
  }

  function tell(at) {
    if (!state.counts) return;
    const [day, hour] = at || [];
    if (at) note.textContent = t("星期{day} {hour} 时：{n} 件", { day: names[day], hour, n: number(state.counts[day][hour]) });
    else if (!state.counts.flat().some(Boolean)) note.textContent = t("这段时间没有事件。");
    else note.textContent = t("颜色越深事件越多，最深为 {n} 件", { n: number(Math.max(...state.counts.flat())) });
  }

  function cellAt(event) {
    const box = svg.getBoundingClientRect();
    const hour = Math.floor((event.clientX - box.left - LEFT) / cell);
    return [Math.max(0, Math.min(6, Math.floor((event.clientY - box.top) / TALL))), Math.max(0, Math.min(23, hour))];
  }

  svg.addEventListener("pointermove", (event) => {
    const here = cellAt(event);
    if (state.drawn) {
      state.drawn = boxOf(state.anchor, here);
      drawChoice(state.drawn);
    }
    tell(here);
  });
  svg.addEventListener("pointerleave", () => tell(null));
  // The ring of focus and the cursor are for keys alone.
  svg.addEventListener("keyup", () => svg.classList.add("is-keyed"));
  svg.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.classList.contains("hour__day")) return;
    svg.setPointerCapture(event.pointerId);
    svg.classList.remove("is-keyed");
    state.anchor = state.cursor = cellAt(event);
    state.drawn = boxOf(state.anchor, state.anchor);
    drawCursor();
    drawChoice(state.drawn);
  });
  svg.addEventListener("pointerup", () => {
    if (!state.drawn) return;
    const drawn = state.drawn;
    state.drawn = null;
    choose(isChosen(...drawn) ? ["", ""] : drawn);
  });
  svg.addEventListener("pointercancel", () => {
    state.drawn = null;
    drawChoice();
  });
  svg.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (state.weekdays || state.hours)) {
      event.stopPropagation();
      choose(["", ""]);
    } else if (event.key === "Enter" || event.key === " ") {
      const box = boxOf(state.anchor || state.cursor, state.cursor);
      choose(isChosen(...box) ? ["", ""] : box);
    } else if (event.key in ARROWS) {
      const [down, right] = ARROWS[event.key];
      state.anchor = event.shiftKey ? state.anchor || state.cursor : null;
      state.cursor = [(state.cursor[0] + down + 7) % 7, (state.cursor[1] + right + HOURS) % HOURS];
      drawCursor();
      drawChoice(state.anchor ? boxOf(state.anchor, state.cursor) : undefined);
      tell(state.cursor);
    } else return;
    event.preventDefault();
  });

  return {
    // counts: 7 rows (Monday first) of 24; what is chosen among them.
    set(counts, weekdays, hours) {
      Object.assign(state, { counts, weekdays, hours });
      const top = Math.max(...counts.flat(), 1);
      cells.forEach((rect, at) => {
        const count = counts[Math.floor(at / HOURS)][at % HOURS];
        rect.setAttribute("fill", count ? tone : "var(--sunk)");
        rect.setAttribute("fill-opacity", count ? 0.12 + 0.88 * Math.sqrt(count / top) : 1);
      });
      drawChoice();
      tell(null);
    },
  };
}
