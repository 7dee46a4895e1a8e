// More than chance? Four ways to ask, one sentence a finding in the panel, and their place on the map.

import { byId, h, number, setText, t } from "./core.js";
import { FINDINGS, findingRows } from "./hotspot_cells.js";
import { turns } from "./turns.js";

const LATER_MS = 500; // the panel's sentences are asked for when the hand has come to rest
const TOLD_MAX = 3;
const TESTED_MIN = 50; // with fewer incidents a normal curve is no guide

export const setting = (label, value, options, onchange) =>
  h("select", { class: "select select--small", "aria-label": label, onchange: (event) => onchange(event.target.value) }, options.map(([key, words]) => h("option", { value: key, selected: key === value }, words)));

export const measured = () => [
  ["count", t("按件数")],
  ["rate", t("按每千户")],
];

function rest(signal) {
  return new Promise((done, fail) => {
    const timer = setTimeout(done, LATER_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      fail(new DOMException("", "AbortError"));
    });
  });
}

export function chanceLayer({ filters, ask, findings, tell, change, onPlace }) {
  const take = turns(byId("chance-fault"));
  const method = () => filters.get("method") || "scan";
  const measure = () => filters.get("measure") || "rate";
  const unit = () => filters.get("unit");
  const size = (parameters) => ({ m: number(parameters.cell_m), n: number(parameters.incidents), crs: parameters.crs });
  const units = () => ({ day: t("天"), week: t("周"), month: t("月") });

  function testLegend({ features, parameters }) {
    const words = { gi_star: "Getis-Ord Gi*", moran: t("局部 Moran") }[parameters.method];
    return [
      { note: `${words} · ${parameters.measure === "rate" ? t("按每千户") : t("按件数")}`, isForPicture: true },
      ...findingRows(FINDINGS.level, features),
      { note: t("六边形 {m} 米，{cells} 格，{n} 件；{crs}", { ...size(parameters), cells: number(parameters.cells) }) },
      { note: t("q：双侧 p 经 Benjamini-Hochberg 校正") },
      ...(parameters.incidents < TESTED_MIN ? [{ note: t("只有 {n} 件；少于 {least} 件的检验不可信", { ...size(parameters), least: TESTED_MIN }) }] : []),
    ];
  }

  function scanLegend({ features, parameters }) {
    const about = { repeats: number(parameters.repeats), most: number(parameters.radius_max_m), p: parameters.p_max };
    return [
      ...findingRows(FINDINGS.circle, features),
      { note: parameters.unit ? t("Kulldorff 时空扫描，按{unit}", { unit: units()[parameters.unit] }) : t("Kulldorff 空间扫描") },
      { note: t("与户数相比，随机对照 {repeats} 次，p ≤ {p}", about) },
      { note: t("半径至多 {most} 米", about) },
      { note: t("方格 {m} 米，{n} 件；{crs}", size(parameters)) },
    ];
  }

  function emergingLegend({ features, parameters }) {
    return [
      ...findingRows(FINDINGS.pattern, features),
      { note: t("Gi*（件数）逐{unit}检验，共 {periods} 段，q ≤ {q}", { unit: units()[parameters.unit], periods: number(parameters.periods), q: parameters.q_max }) },
      { note: t("趋势：Mann-Kendall，p ≤ {p}", { p: parameters.trend_p_max }) },
      { note: t("六边形 {m} 米，{n} 件；{crs}", size(parameters)) },
    ];
  }

  const test = {
    path: "incidents/hotspots", kind: FINDINGS.level, legend: testLegend,
    query: () => ({ method: method(), measure: measure() }),
    tool: () => setting(t("按什么比"), measure(), measured(), (value) => change({ measure: value })),
  };
  const methods = {
    gi_star: test,
    moran: test,
    scan: {
      path: "incidents/scan", kind: FINDINGS.circle, legend: scanLegend,
      query: () => ({ unit: unit() }),
      tool: () => setting(t("时间"), unit(), [["", t("不分时间")], ["month", t("分月")], ["week", t("分周")]], (value) => change({ unit: value })),
    },
    emerging: {
      path: "incidents/emerging", kind: FINDINGS.pattern, legend: emergingLegend,
      query: () => ({ unit: unit() || "month" }),
      tool: () => setting(t("时间"), unit() || "month", [["month", t("分月")], ["week", t("分周")]], (value) => change({ unit: value })),
    },
  };

  const choices = () => [["scan", t("扫描圆")], ["gi_star", "Getis-Ord Gi*"], ["moran", t("局部 Moran")], ["emerging", t("演变")]];

  // A sentence leads to its place.
  function tellChance({ features, parameters }) {
    const told = features.slice(0, TOLD_MAX).map((found) =>
      h("li", {}, h("button", { class: "chance__one", type: "button", onclick: () => onPlace(found) }, found.properties.sentence)));
    const rest_ = features.length - told.length;
    byId("chance").replaceChildren(...[
      h("b", { class: features.length ? "chance__yes" : null }, features.length ? t("{n} 处多得不像偶然", { n: number(features.length) }) : t("没有哪处多得超出偶然")),
      told.length ? h("ul", {}, told) : null,
      h("span", { class: "section__note" }, rest_ > 0 ? t("另有 {n} 处。", { n: number(rest_) }) : "", t("与户数相比，随机对照 {repeats} 次，p ≤ {p}", { repeats: number(parameters.repeats), p: parameters.p_max })),
    ].filter(Boolean));
  }

  setText("chance", "–");

  return {
    tools: () => [setting(t("方法"), method(), choices(), (value) => change({ method: value })), methods[method()].tool()],
    async load(signal) {
      const { path, query, kind, legend } = methods[method()];
      const found = await ask(path, { ...filters.query(), ...query() }, signal);
      findings.draw(kind, found.features);
      const none = found.features.length ? [] : [{ note: t("没有哪处多得超出偶然") }];
      tell([...none, ...legend(found)]);
    },
    hide: findings.hide,
    // The panel's sentences, whatever the map shows.
    loadChance: () =>
      take(async (signal) => {
        byId("chance").classList.add("is-waiting");
        await rest(signal);
        tellChance(await ask("incidents/scan", filters.query(), signal));
        byId("chance").classList.remove("is-waiting");
      }),
  };
}
