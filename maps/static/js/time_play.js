// Time played: a window of days slides over the chosen span, figures and map following, one request after the other.

import { byId, s, setText, t } from "./core.js";
import { daysAfter, daysBetween } from "./chart.js";

const PACE_MS = 650;
const STEPS = { 7: 1, 30: 3, 91: 7 }; // days by which a window of so many days moves on
const KEYS = { ArrowLeft: -1, ArrowRight: 1 };

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
const icon = (path) => s("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, s("path", { d: path, fill: "currentColor" }));
const GO = "M6 3.5v13l11-6.5z";
const HALT = "M5 3.5h3.5v13H5zM11.5 3.5H15v13h-3.5z";

// span(): the chosen days. show(window, light): draw those days and promise to be done; light while it runs; null ends it.
export function timePlay({ span, show }) {
  const [go, at, length, end] = ["play-go", "play-at", "play-window", "play-end"].map(byId);
  const state = { running: false, shown: false, asked: 0 };

  function windows() {
    const { from, to } = span();
    const long = Number(length.value);
    const room = daysBetween(from, to) + 1 - long;
    const step = STEPS[long];
    const starts = [];
    for (let offset = 0; offset < room; offset += step) starts.push(offset);
    if (room >= 0) starts.push(room);
    return starts.map((offset) => ({ from: daysAfter(from, offset), to: daysAfter(from, offset + long - 1) }));
  }

  function draw() {
    const all = windows();
    const enough = all.length > 1;
    at.max = Math.max(all.length - 1, 0);
    go.disabled = at.disabled = !enough;
    const mine = all[at.value];
    go.setAttribute("aria-pressed", String(state.running));
    go.setAttribute("aria-label", calm() ? t("下一段") : state.running ? t("暂停") : t("播放"));
    go.replaceChildren(icon(state.running ? HALT : GO));
    end.hidden = !state.shown;
    at.setAttribute("aria-valuetext", mine ? t("{from} 至 {to}", mine) : "");
    setText("play-words", state.shown && mine ? t("{from} 至 {to}", mine) : t("拖动选择日期"));
    go.title = enough ? "" : t("所选日期不比窗口长，没有可播放的。");
  }

  // One after the other: what is asked for meanwhile is shown when the one under way is done, the last of it alone.
  async function showAt(index, light) {
    const all = windows();
    at.value = Math.max(0, Math.min(all.length - 1, index));
    state.shown = true;
    draw();
    const mine = ++state.asked;
    await state.under;
    if (mine !== state.asked) return;
    state.under = show(all[at.value], light);
    await state.under;
  }

  async function run() {
    state.running = true;
    // From the beginning again where it had come to its end.
    let index = state.shown && Number(at.value) < Number(at.max) ? Number(at.value) : -1;
    while (state.running && index < Number(at.max)) {
      index += 1;
      await Promise.all([showAt(index, true), wait(PACE_MS)]);
      if (state.running) index = Number(at.value);
    }
    if (state.running) halt();
  }

  function halt() {
    if (!state.running) return;
    state.running = false;
    showAt(Number(at.value), false);
  }

  function step(by) {
    state.running = false;
    showAt(Number(at.value) + (state.shown ? by : 0), false);
  }

  // Back to the whole span.
  function finish() {
    if (!state.shown) return;
    state.asked += 1;
    Object.assign(state, { running: false, shown: false });
    at.value = 0;
    draw();
    show(null, false);
  }

  go.addEventListener("click", () => {
    if (calm()) step(1);
    else if (state.running) halt();
    else run();
  });
  at.addEventListener("input", () => {
    state.running = false;
    showAt(Number(at.value), false);
  });
  length.addEventListener("change", () => {
    at.value = 0;
    if (state.shown) step(0);
    else draw();
  });
  end.addEventListener("click", () => {
    finish();
    go.focus();
  });
  byId("play").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.shown) {
      event.stopPropagation();
      finish();
    } else if (event.target === go && event.key in KEYS) {
      event.preventDefault();
      step(KEYS[event.key]);
    }
  });
  draw();

  return {
    // The chosen span is another: what was played is over.
    reset() {
      state.asked += 1;
      Object.assign(state, { running: false, shown: false });
      at.value = 0;
      draw();
    },
    isRunning: () => state.running,
  };
}
