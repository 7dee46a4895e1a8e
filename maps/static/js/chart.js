// Charts as inline SVG: days with a brush that is dragged or moved by keys, and how long settling took.

import { debounce, h, number, s, t } from "./core.js";

const DAY = 86400000;
const BAR_PX = 2.4; // narrower days share a bar
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -7, PageUp: 7 };
const stamp = (day) => Date.parse(`${day}T00:00:00Z`);
export const dayOf = (time) => new Date(time).toISOString().slice(0, 10);
export const daysAfter = (day, count) => dayOf(stamp(day) + count * DAY);
export const daysBetween = (from, to) => Math.round((stamp(to) - stamp(from)) / DAY);

// Bars of a day each; dragging chooses days. told(from, to) is called when the hand lets go.
export function dayChart(place, told) {
  const [height, foot] = [96, 18];
  const floor = height - foot;
  let width = place.clientWidth || 430;
  const state = { days: [], from: null, to: null, window: null, words: t("这段时间没有事件。") };
  const step = () => width / state.days.length;
  const index = (day) => daysBetween(state.days[0].on, day);
  const inside = (at) => Math.max(0, Math.min(state.days.length - 1, at));

  const bars = s("g", {});
  const brush = s("rect", { class: "brush", y: 1, height: floor - 1 });
  const played = s("rect", { class: "played", y: 1, height: floor - 1 });
  const grips = ["from", "to"].map((end) => s("rect", { class: "grip", y: floor / 2 - 10, width: 7, height: 20, rx: 3, tabindex: 0, role: "slider", "aria-label": end === "from" ? t("起始日期") : t("结束日期"), onkeydown: (event) => nudge(event, end) }));
  const axis = s("path", { class: "axis", fill: "none" });
  const words = [s("text", { x: 0, y: height - 3 }), s("text", { y: height - 3, "text-anchor": "middle" }), s("text", { y: height - 3, "text-anchor": "end" })];
  const svg = s("svg", { class: "chart", role: "group", "aria-label": t("每日事件数") }, bars, axis, brush, played, grips, words);
  place.replaceChildren(svg);
  // Drawn in real pixels: text keeps its size on every screen.
  new ResizeObserver(() => {
    width = place.clientWidth || width;
    draw();
  }).observe(place);

  function drawBars() {
    const share = Math.max(1, Math.ceil(BAR_PX / step()));
    const groups = [];
    for (let at = 0; at < state.days.length; at += share) {
      const days = state.days.slice(at, at + share);
      groups.push({ at, days: days.length, on: days[0].on, last: days[days.length - 1].on, count: days.reduce((sum, day) => sum + day.count, 0) });
    }
    const top = Math.max(...groups.map((group) => group.count), 1);
    bars.replaceChildren(...groups.map((group) => {
      const tall = (group.count / top) * (floor - 4);
      return s("rect", { class: group.last >= state.from && group.on <= state.to ? "bar bar--in" : "bar", x: group.at * step() + 0.3, y: floor - tall, width: Math.max(group.days * step() - 0.8, 0.6), height: tall },
        s("title", {}, `${share > 1 ? `${group.on} – ${group.last}` : group.on} · ${number(group.count)}`));
    }));
    words[1].textContent = share > 1 ? t("最多 {days} 天 {n} 件", { days: share, n: number(top) }) : t("最多一天 {n} 件", { n: number(top) });
  }

  function drawSpan(rect, span) {
    const left = span ? Math.max(0, index(span.from) * step()) : 0;
    const right = span ? Math.min(width, (index(span.to) + 1) * step()) : 0;
    rect.setAttribute("x", left);
    rect.setAttribute("width", Math.max(0, right - left));
    return [left, right];
  }

  function draw() {
    const empty = state.days.length === 0;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const part of [axis, brush, played, ...grips]) part.style.display = empty ? "none" : "";
    words[1].setAttribute("x", width / 2);
    words[2].setAttribute("x", width);
    if (empty) {
      bars.replaceChildren();
      [words[0].textContent, words[1].textContent, words[2].textContent] = ["", state.words, ""];
      return;
    }
    drawBars();
    axis.setAttribute("d", `M0 ${floor + 0.5}H${width}`);
    const last = state.days.length - 1;
    [words[0].textContent, words[2].textContent] = [state.days[0].on, state.days[last].on];
    drawSpan(played, state.window);
    drawSpan(brush, state).forEach((edge, end) => {
      const day = end ? state.to : state.from;
      grips[end].setAttribute("x", Math.max(-3, Math.min(width - 4, edge - 3.5)));
      for (const [key, value] of Object.entries({ valuemin: 0, valuemax: last, valuenow: inside(index(day)), valuetext: day })) grips[end].setAttribute(`aria-${key}`, value);
    });
  }

  const tellSoon = debounce(() => told(state.from, state.to), 250);

  function nudge(event, end) {
    const edge = { Home: -inside(index(state[end])), End: state.days.length }[event.key];
    const by = event.key in KEYS ? KEYS[event.key] : edge;
    if (by === undefined) return;
    event.preventDefault();
    const day = state.days[inside(index(state[end]) + by)].on;
    state[end] = end === "from" ? (day < state.to ? day : state.to) : day > state.from ? day : state.from;
    draw();
    tellSoon();
  }

  const dayAt = (event) => {
    const box = svg.getBoundingClientRect();
    return state.days[inside(Math.floor(((event.clientX - box.left) / box.width) * state.days.length))].on;
  };

  svg.addEventListener("pointerdown", (event) => {
    if (!state.days.length || event.button) return;
    const before = [state.from, state.to];
    svg.setPointerCapture(event.pointerId);
    const here = dayAt(event);
    // Close to an edge the edge moves; elsewhere a new span begins.
    const near = (day) => Math.abs(daysBetween(day, here)) <= 8 / step();
    const anchor = near(state.from) ? state.to : near(state.to) ? state.from : here;
    const move = (moved) => {
      [state.from, state.to] = [anchor, dayAt(moved)].sort();
      draw();
    };
    const stop = (ended) => {
      for (const kind of ["pointermove", "pointerup", "pointercancel"]) svg.removeEventListener(kind, kind === "pointermove" ? move : stop);
      if (ended.type === "pointerup") return told(state.from, state.to);
      // The finger went on to scroll the page: nothing was chosen.
      [state.from, state.to] = before;
      return draw();
    };
    svg.addEventListener("pointermove", move);
    svg.addEventListener("pointerup", stop);
    svg.addEventListener("pointercancel", stop);
    move(event);
  });

  return {
    // Every day from first to last, also those without an incident; null where there are none at all.
    set(days, all, { from, to }) {
      const counts = new Map(days.map((day) => [day.on, day.count]));
      state.days = [];
      state.words = t("这段时间没有事件。");
      if (all) {
        for (let time = stamp(all[0]); time <= stamp(all[1]); time += DAY) state.days.push({ on: dayOf(time), count: counts.get(dayOf(time)) || 0 });
      }
      [state.from, state.to] = [from, to];
      draw();
    },
    // Words instead of bars, where there is nothing to draw because something failed.
    say(said) {
      state.days = [];
      state.words = said;
      draw();
    },
    choose({ from, to }) {
      [state.from, state.to] = [from, to];
      draw();
    },
    // The days that are being played; null for none.
    play(span) {
      state.window = span;
      if (state.days.length) drawSpan(played, span);
    },
    // First and last day that there are, or null.
    all: () => (state.days.length ? [state.days[0].on, state.days[state.days.length - 1].on] : null),
  };
}

// How long settled cases took: a bar a class, and in words half of them and nine of ten.
export function settleChart(place, { median_days: half, p90_days: most, up_to_days: limits, counts }) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (!all) return place.replaceChildren(h("p", { class: "section__note" }, t("没有已办结的事件。")));
  const [width, tall, foot, head] = [place.clientWidth || 340, 56, 16, 14];
  const room = width / counts.length;
  const top = Math.max(...counts);
  const days = (value) => Number(value).toFixed(1);
  const sentence = t("{all} 件已办结：一半在 {half} 天内，九成在 {most} 天内。", { all: number(all), half: days(half), most: days(most) });
  const bars = counts.flatMap((count, at) => {
    const high = (count / top) * tall;
    const middle = (at + 0.5) * room;
    return [
      s("rect", { class: "bar bar--in", x: at * room + 2, y: head + tall - high, width: room - 4, height: Math.max(high, count ? 1 : 0), rx: 1 }),
      s("text", { x: middle, y: head + tall - high - 3, "text-anchor": "middle" }, count ? number(count) : ""),
      s("text", { x: middle, y: head + tall + foot - 4, "text-anchor": "middle" }, at < limits.length ? `≤${limits[at]}` : `>${limits[limits.length - 1]}`),
    ];
  });
  return place.replaceChildren(
    h("p", { class: "settled__words" }, sentence),
    s("svg", { class: "chart", viewBox: `0 0 ${width} ${head + tall + foot}`, role: "img", "aria-label": sentence }, s("path", { class: "axis", d: `M0 ${head + tall + 0.5}H${width}` }), bars),
    h("p", { class: "section__note settled__unit" }, t("天")),
  );
}
