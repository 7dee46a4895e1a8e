// The measures of a plan as the report holds them: names, units, and how each is said of the whole plan and of one grid.

import { fact, h, number, percent, t } from "./core.js";

const households = (value) => t("{n} 户", { n: number(Math.round(value)) });
const people = (value) => t("{n} 人", { n: number(Math.round(value)) });
const pieces = (value) => t("{n} 片", { n: number(value) });
const compounds = (value) => t("{n} 个", { n: number(Math.round(value * 100) / 100) });
const index = (value) => Number(value).toFixed(2);
const yes = (value) => (value ? t("是") : t("否"));

// Name -> label and form of the whole plan, label and form of one grid.
const MEASURES = {
  households: [t("户数合计"), households, t("户数"), households],
  people: [t("人口合计"), people, t("人口"), people],
  in_band: [t("户数达标的网格"), percent, t("户数达标"), yes],
  households_outside: [t("超出或不足的户数"), households, t("超出或不足的户数"), households],
  deviation_share: [t("与平均户数相差（最大）"), percent, t("与平均户数相差"), percent],
  people_outside: [t("超出或不足的人数"), people, t("超出或不足的人数"), people],
  pieces: [t("步行片数（最多的网格）"), pieces, t("步行片数"), pieces],
  polsby_popper: [t("紧凑度（中位数，1 为圆）"), index, t("紧凑度"), index],
  line_share: [t("沿路、水、墙的边界"), percent, t("沿路、水、墙的边界"), percent],
  compounds_broken: [t("被拆分的小区"), compounds, t("被拆分的小区"), compounds],
  households_moved: [t("更换网格的户数"), households, t("从别的网格划入"), households],
  households_kept: [t("留在原网格的户数"), households, t("留在原网格的户数"), households],
};

const shown = (value, form) => (value === null || value === undefined ? "–" : form(value));

// All measures of the whole plan; what is not in the report is not shown, what does not apply is a dash.
export function measuresOfPlan(measures) {
  const known = Object.entries(MEASURES).filter(([name]) => name in measures);
  return known.map(([name, [label, form]]) => fact(label, shown(measures[name], form)));
}

// The measures of one grid, but those that its card shows anyway.
export function measuresOfGrid(measures, skipped) {
  const known = Object.entries(MEASURES).filter(([name]) => name in measures && !skipped.has(name));
  const rows = known.filter(([name]) => measures[name] !== null).map(([name, [, , label, form]]) => fact(label, form(measures[name])));
  return rows.length ? h("dl", { class: "facts" }, rows) : null;
}
