// What is filtered: kept in the page's address, so that a link opens the same view, and told as chips.

import { byId, data, h, s, setAddress, setText, t } from "./core.js";
import { labelOf, standingWords } from "./case_words.js";

const known = (name) => (value) => data[name].some((row) => row.key === value);
const day = (value) => /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value));
const one = (...values) => (value) => values.includes(value);

// What an address may say; anything else in it is left alone and forgotten.
const FACETS = {
  from: day, to: day, category: known("categories"), tier: known("tiers"), state: known("states"),
  standing: one("open", "soon", "overdue", "parked", "returned"), grid: (value) => /^\d{15}$/.test(value),
  weekdays: (value) => /^[1-7](,[1-7]){0,5}$/.test(value), hours: (value) => /^(1?\d|2[0-3])-(1?\d|2[0-3])$/.test(value),
  reading: one("now", "on"), on: day,
};
const VIEW = {
  layer: one("density", "clusters", "hotspots", "work"), method: one("gi_star", "moran", "scan", "emerging"), unit: one("week", "month"), measure: one("count", "rate"), shade: one("open", "overdue"),
  tab: one("cases", "grids"), rank: one("count", "per_1000_households", "overdue"), here: one("1"), lines: one("0"), case: (value) => /^\d{1,18}$/.test(value),
  at: (value) => /^\d{1,2}(\/-?\d{1,3}(\.\d+)?){2}$/.test(value),
};
const READING = ["reading", "on"];

// Monday first, with which 2024 began.
export function weekdayNames() {
  const form = new Intl.DateTimeFormat(data.language, { weekday: data.language === "en" ? "short" : "narrow", timeZone: "UTC" });
  return Array.from({ length: 7 }, (_, day) => form.format(Date.UTC(2024, 0, 1 + day)));
}

function timeWords(weekdays, hours) {
  const names = weekdayNames();
  const days = weekdays ? weekdays.split(",").map((number) => names[number - 1]).join(data.language === "en" ? ", " : "、") : "";
  const [first, last] = hours ? hours.split("-") : [];
  const span = hours ? t("{first} 时至 {last} 时", { first, last: (Number(last) + 1) % 24 || 24 }) : "";
  return [days && t("星期{days}", { days }), span].filter(Boolean).join(" ");
}

export function filters() {
  const given = new URLSearchParams(location.search);
  const state = { from: data.from, to: data.to };
  const names = new Map();
  const heard = [];
  let window_ = null;
  for (const [key, allows] of Object.entries({ ...FACETS, ...VIEW })) if (given.has(key) && allows(given.get(key))) state[key] = given.get(key);
  if (state.reading === "on" && !state.on) delete state.reading;

  function write() {
    const pairs = Object.entries(state).filter(([, value]) => value);
    setAddress(`${location.pathname}?${new URLSearchParams(pairs)}`.replaceAll("%2C", ",").replaceAll("%2F", "/"));
  }

  function put(changes) {
    Object.assign(state, changes);
    for (const [key, value] of Object.entries(changes)) if (!value) delete state[key];
  }

  // One chip for each thing that narrows, with the way to take it back.
  function chips() {
    const chip = (words, ...keys) => h("button", { class: "chosen__chip", type: "button", "aria-label": t("去掉筛选：{words}", { words }), onclick: () => chosen.set(Object.fromEntries(keys.map((key) => [key, ""]))) },
      words, s("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, s("path", { d: "M3 3l6 6M9 3l-6 6" })));
    return [
      state.standing && chip(standingWords(state.standing), "standing"),
      state.category && chip(labelOf("categories", state.category), "category"),
      state.tier && chip(labelOf("tiers", state.tier), "tier"),
      state.state && chip(labelOf("states", state.state), "state"),
      state.grid && chip(names.get(state.grid) || state.grid, "grid"),
      (state.weekdays || state.hours) && chip(timeWords(state.weekdays, state.hours), "weekdays", "hours"),
      state.reading && chip(state.reading === "now" ? t("现在的网格") : t("{day} 的网格", { day: state.on }), ...READING),
    ].filter(Boolean);
  }

  function draw() {
    const made = chips();
    const { from, to } = chosen.span();
    setText("chosen-span", t("{from} 至 {to}，{n} 天", { from, to, n: Math.round((Date.parse(to) - Date.parse(from)) / 86400000) + 1 }));
    byId("chosen").replaceChildren(...made);
    byId("chosen").hidden = byId("clear").hidden = made.length === 0;
  }

  const chosen = {
    get: (key) => state[key] || "",
    span: () => window_ || { from: state.from, to: state.to },
    chosenSpan: () => ({ from: state.from, to: state.to }),
    // Days that lie inside the chosen span and stand for it while time is played; null ends that.
    setWindow(span) {
      window_ = span;
      draw();
    },
    // What every request is asked with, without what is named.
    query(...without) {
      const asked = { ...state, ...chosen.span() };
      return Object.fromEntries(Object.keys(FACETS).filter((key) => asked[key] && !READING.includes(key) && !without.includes(key)).map((key) => [key, asked[key]]));
    },
    reading: () => Object.fromEntries(READING.filter((key) => state[key]).map((key) => [key, state[key]])),
    // Narrow or widen: everything is asked for anew.
    set(changes) {
      put(changes);
      write();
      draw();
      for (const tell of heard) tell(changes);
    },
    // How it is looked at: nothing is asked for anew by this.
    view(changes) {
      put(changes);
      write();
    },
    clear: () => chosen.set(Object.fromEntries(Object.keys(FACETS).filter((key) => key !== "from" && key !== "to").map((key) => [key, ""]))),
    onChange: (tell) => heard.push(tell),
    words: () => chips().map((chip) => chip.firstChild.textContent),
    nameGrids(rows) {
      for (const row of rows) if (row.name) names.set(row.grid_code, row.name);
      if (state.grid) draw();
    },
    gridName: (code) => names.get(code) || code,
    draw,
  };
  byId("clear").addEventListener("click", chosen.clear);
  return chosen;
}
