// What chance does not explain, on the map: cells coloured by class, warm where there is more and cold where there is
// less, and circles found by a scan.

import { fact, h, number, s, t } from "./core.js";
import { tip } from "./map.js";

// Orange to blue holds for all common colour blindness; each step is darker as well, so it holds in grey.
const TONES = { hot: ["#8c2d04", "#d9661f", "#f3b47c"], cold: ["#0b4a80", "#3f8bc4", "#a9cfe6"], hl: ["#8f5b00", "#c98f2b", "#e6c583"], lh: ["#3f5a73", "#7893aa", "#b7c6d3"] };
TONES.hh = TONES.hot;
TONES.ll = TONES.cold;
const LEVELS = ["99", "95", "90"];
const QS = { 99: "0.01", 95: "0.05", 90: "0.10" };
// Over time, the most pressing first.
const PATTERNS = ["intensifying", "new", "consecutive", "persistent", "sporadic", "oscillating", "diminishing", "historical"];
const OVER_TIME = {
  hot: ["#6b2104", "#a63603", "#c9500d", "#e06f1f", "#ee9a5b", "#f3b98c", "#f0cdb0", "#e3d8cc"],
  cold: ["#08306b", "#08519c", "#1f6db1", "#4089c4", "#73aed6", "#9cc6e2", "#bcd6e8", "#d3dbe2"],
};

const split = (name) => name.split("_");
const digits = (value, places) => (value === null ? "–" : Number(value).toFixed(places));

function levelWords(name) {
  const kinds = { hot: t("热点"), cold: t("冷点"), hh: t("高值聚集"), ll: t("低值聚集"), hl: t("高值异常"), lh: t("低值异常") };
  return `${kinds[split(name)[0]]} q < ${QS[split(name)[1]]}`;
}

function patternWords(name) {
  const patterns = { intensifying: t("加剧"), new: t("新出现"), consecutive: t("连续"), persistent: t("持续"), sporadic: t("时有时无"), oscillating: t("起伏"), diminishing: t("缓和"), historical: t("曾经") };
  return `${split(name)[1] === "hot" ? t("热点") : t("冷点")} · ${patterns[split(name)[0]]}`;
}

// Bars of a count a period, the last one darkest: what a place has been over time.
function series(counts) {
  const [wide, tall, top] = [300, 40, Math.max(...counts, 1)];
  const room = wide / counts.length;
  return s("svg", { class: "chart", viewBox: `0 0 ${wide} ${tall}`, role: "img", "aria-label": counts.join(", ") },
    counts.map((count, at) => s("rect", { class: at === counts.length - 1 ? "bar bar--in" : "bar", x: at * room + 1, y: tall - (count / top) * tall, width: Math.max(room - 2, 1), height: (count / top) * tall })));
}

const filled = (fill) => ({ color: "#fffefb", weight: 1, opacity: 0.9, fillColor: fill, fillOpacity: 0.82 });

// How each kind of finding is drawn, named and told: one of cells by level, cells over time, circles.
export const FINDINGS = {
  level: {
    order: ["hot_99", "hot_95", "hot_90", "hh_99", "hh_95", "hh_90", "hl_99", "hl_95", "hl_90", "lh_90", "lh_95", "lh_99", "ll_90", "ll_95", "ll_99", "cold_90", "cold_95", "cold_99"],
    class: (found) => found.class,
    words: levelWords,
    colour: (name) => TONES[split(name)[0]][LEVELS.indexOf(split(name)[1])],
    style: (found, fill) => filled(fill),
    tip: (found) => [t("{n} 件，{m} 户", { n: number(found.incidents), m: number(found.households) }), t("每千户 {rate} 件，z {z}", { rate: digits(found.per_1000_households, 1), z: digits(found.z, 2) })],
    facts: (found) => [h("dl", { class: "facts" }, fact(t("事件"), number(found.incidents)), fact(t("户数"), number(found.households)), fact(t("每千户件数"), digits(found.per_1000_households, 1)), fact("z", digits(found.z, 2)), fact(t("p（双侧）"), Number(found.p).toPrecision(2)), fact(t("q（已校正）"), Number(found.q).toPrecision(2)))],
  },
  pattern: {
    order: ["hot", "cold"].flatMap((kind) => PATTERNS.map((pattern) => `${pattern}_${kind}`)),
    class: (found) => found.class,
    words: patternWords,
    colour: (name) => OVER_TIME[split(name)[1]][PATTERNS.indexOf(split(name)[0])],
    style: (found, fill) => filled(fill),
    tip: (found) => [found.sentence, t("共 {all} 件", { all: number(found.incidents) })],
    facts: (found) => [h("p", { class: "case__text" }, found.sentence), series(found.series), h("dl", { class: "facts" }, fact(t("事件"), number(found.incidents)), fact(t("趋势 p"), Number(found.trend_p).toPrecision(2)))],
  },
  circle: {
    order: ["circle"],
    class: () => "circle",
    words: () => t("多得不像偶然的圆"),
    colour: () => "#a63603",
    style: (found, ink) => ({ color: ink, weight: 2.5, opacity: 1, fillColor: ink, fillOpacity: 0.16 }),
    tip: (found) => [t("{n} 件，预期 {expected} 件", { n: number(found.observed), expected: digits(found.expected, 1) })],
    facts: (found) => [h("p", { class: "case__text" }, found.sentence), h("dl", { class: "facts" }, fact(t("事件"), number(found.observed)), fact(t("预期"), digits(found.expected, 1)), fact(t("相对风险"), digits(found.relative_risk, 2)), fact("p", digits(found.p, 3)), fact(t("对数似然比"), digits(found.log_likelihood_ratio, 1)), fact(t("半径"), found.radius_m ? t("{n} 米", { n: number(found.radius_m) }) : "–"))],
  },
};

// Rows of the legend: every class that occurs, with how many.
export function findingRows(kind, features) {
  const counts = new Map();
  for (const { properties } of features) counts.set(kind.class(properties), (counts.get(kind.class(properties)) || 0) + 1);
  return kind.order.filter((name) => counts.has(name)).map((name) => ({ colour: kind.colour(name), label: kind.words(name), value: number(counts.get(name)) }));
}

export function findingsOn(map, { onFinding }) {
  const pane = map.createPane("cells");
  pane.style.zIndex = 360;
  const renderer = L.canvas({ pane: "cells", padding: 0.2 });
  const pointer = tip(map);
  let shown = null;

  function hide() {
    if (shown) shown.remove();
    shown = null;
    pointer.hide();
  }

  return {
    draw(kind, features) {
      const title = ({ properties }) => kind.words(kind.class(properties));
      const next = L.geoJSON(features, {
        style: ({ properties }) => ({ renderer, pane: "cells", ...kind.style(properties, kind.colour(kind.class(properties))) }),
        onEachFeature(feature, layer) {
          layer.on("mousemove", (event) => pointer.show(event.latlng, title(feature), ...kind.tip(feature.properties)));
          layer.on("mouseout", pointer.hide);
          layer.on("click", (event) => {
            L.DomEvent.stop(event);
            onFinding({ head: [h("h2", {}, title(feature))], body: kind.facts(feature.properties) });
          });
        },
      }).addTo(map);
      hide();
      shown = next;
    },
    hide,
  };
}
