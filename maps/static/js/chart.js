// Two small charts as inline SVG: days with a brush, and weekday by hour.

import { colour, h, number, s, t } from "./core.js";

const DAY = 86400000;
const stamp = (day) => Date.parse(`${day}T00:00:00Z`);
const dayOf = (time) => new Date(time).toISOString().slice(0, 10);

// Bars of a day each; dragging chooses days. told(from, to) is called when the hand lets go.
export function dayChart(place, told) {
  const [height, foot] = [96, 18];
  let width = place.clientWidth || 430;
  const state = { days: [], from: null, to: null, words: t("这段时间没有事件。") };
  const x = (time) => ((time - stamp(state.days[0].on)) / DAY) * step();
  const step = () => width / state.days.length;
  const svg = s("svg", { class: "chart", role: "img", "aria-label": t("每日事件数") });
  place.replaceChildren(svg);
  // Drawn in real pixels: text keeps its size on every screen.
  new ResizeObserver(() => {
    width = place.clientWidth || width;
    draw();
  }).observe(place);

  const dayAt = (event) => {
    const box = svg.getBoundingClientRect();
    const index = Math.floor(((event.clientX - box.left) / box.width) * state.days.length);
    return state.days[Math.max(0, Math.min(state.days.length - 1, index))].on;
  };

  function draw() {
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    if (!state.days.length) {
      svg.replaceChildren(s("text", { x: 0, y: 40 }, state.words));
      return;
    }
    const top = Math.max(...state.days.map((day) => day.count), 1);
    const chosen = (day) => day.on >= state.from && day.on <= state.to;
    const bars = state.days.map((day, index) => {
      const tall = (day.count / top) * (height - foot - 4);
      return s("rect", { class: chosen(day) ? "bar bar--in" : "bar", x: index * step() + 0.3, y: height - foot - tall, width: Math.max(step() - 0.8, 0.6), height: tall }, s("title", {}, `${day.on} · ${number(day.count)}`));
    });
    const left = Math.max(0, x(stamp(state.from)));
    const right = Math.min(width, x(stamp(state.to)) + step());
    const brush = right > left ? [s("rect", { class: "brush", x: left, y: 1, width: right - left, height: height - foot - 1 }), ...[left, right].map((edge) => s("rect", { class: "grip", x: edge - 3, y: (height - foot) / 2 - 9, width: 6, height: 18, rx: 3 }))] : [];
    const last = state.days[state.days.length - 1].on;
    svg.replaceChildren(...bars, s("path", { class: "axis", d: `M0 ${height - foot + 0.5}H${width}`, fill: "none" }), ...brush,
      s("text", { x: 0, y: height - 3 }, state.days[0].on), s("text", { x: width, y: height - 3, "text-anchor": "end" }, last), s("text", { x: width / 2, y: height - 3, "text-anchor": "middle" }, t("最多一天 {n} 件", { n: number(top) })));
  }

  svg.addEventListener("pointerdown", (event) => {
    if (!state.days.length) return;
    svg.setPointerCapture(event.pointerId);
    const here = dayAt(event);
    // Close to an edge the edge moves; elsewhere a new span begins.
    const near = (day) => Math.abs(stamp(day) - stamp(here)) <= (DAY * 8) / step();
    const anchor = near(state.from) ? state.to : near(state.to) ? state.from : here;
    const move = (moved) => {
      const there = dayAt(moved);
      [state.from, state.to] = [anchor, there].sort();
      draw();
    };
    const stop = () => {
      svg.removeEventListener("pointermove", move);
      told(state.from, state.to);
    };
    svg.addEventListener("pointermove", move);
    svg.addEventListener("pointerup", stop, { once: true });
    svg.addEventListener("pointercancel", stop, { once: true });
    move(event);
  });

  return {
    // Every day between the first and the last, also those without an incident.
    set(days, from, to) {
      const counts = new Map(days.map((day) => [day.on, day.count]));
      state.days = [];
      state.words = t("这段时间没有事件。");
      if (days.length) {
        for (let time = stamp(days[0].on); time <= stamp(days[days.length - 1].on); time += DAY) state.days.push({ on: dayOf(time), count: counts.get(dayOf(time)) || 0 });
      }
      [state.from, state.to] = [from, to];
      draw();
    },
    // Words instead of bars, where there is nothing to draw because something failed.
    say(words) {
      state.days = [];
      state.words = words;
      draw();
    },
    choose(from, to) {
      [state.from, state.to] = [from, to];
      draw();
    },
  };
}

// hours: 7 rows (Monday first) of 24 counts.
export function hourChart(place, hours) {
  const days = [t("一"), t("二"), t("三"), t("四"), t("五"), t("六"), t("日")];
  const [tall, left] = [18, 22];
  const cell = Math.max(9, ((place.clientWidth || 430) - left) / 24);
  const top = Math.max(...hours.flat(), 1);
  const tone = colour("accent");
  const parts = hours.flatMap((row, day) => [
    s("text", { x: 0, y: day * tall + 13 }, days[day]),
    ...row.map((count, hour) => s("rect", { x: left + hour * cell, y: day * tall + 1, width: Math.max(cell - 2, 6), height: tall - 2, rx: 2, fill: count ? tone : "var(--sunk)", "fill-opacity": count ? 0.12 + 0.88 * Math.sqrt(count / top) : 1 }, s("title", {}, t("星期{day} {hour} 时：{n} 件", { day: days[day], hour, n: number(count) })))),
  ]);
  const ticks = [0, 6, 12, 18, 23].map((hour) => s("text", { x: left + hour * cell + cell / 2 - 1, y: 7 * tall + 13, "text-anchor": "middle" }, String(hour)));
  place.replaceChildren(s("svg", { class: "chart", viewBox: `0 0 ${left + 24 * cell} ${7 * tall + 18}`, role: "img", "aria-label": t("按星期和时刻的事件数") }, parts, ticks),
    h("p", { class: "section__note" }, t("颜色越深事件越多，最深为 {n} 件", { n: number(top) })));
}
