// Words of people on duty: posts, reasons, days; and who answers, told in a cell.

import { data, h, t } from "./core.js";

export const ROLES = {
  worker: () => t("网格员"), grid_head: () => t("网格长"), answerable_unit: () => t("包保单位"), unit_head: () => t("联户长"), building_head: () => t("楼栋长"),
  police: () => t("社区民警"), lawyer: () => t("法律顾问"),
};
const REASONS = {
  never: () => t("从未任命"), ended: () => t("任期已满"), away: () => t("请假，无人替岗"), substitute_away: () => t("替岗人也请假"),
};

export const reason = (key) => REASONS[key]();

// Several things in one line, as each language sets them apart.
export const listed = (words) => words.join(data.language === "zh" ? "、" : ", ");

const DAY_MS = 86_400_000;

// Days as text: read as midnights of UTC, so that no summer time makes one longer.
export const plusDays = (day, count) => new Date(Date.parse(day) + count * DAY_MS).toISOString().slice(0, 10);
export const daysBetween = (first, last) => Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS);

// The last day, as people say it: the day before the one on which it holds no more.
export const until = (to) => (to ? t("至 {day}", { day: plusDays(to, -1) }) : t("长期"));

export function person(one) {
  if (one.problem) return h("span", {}, h("s", {}, one.name), h("small", {}, reason(one.problem)));
  if (!one.is_substitute) return h("span", {}, one.answer);
  return h("span", {}, one.answer, h("small", {}, t("替 {name}", { name: one.name })));
}

export const persons = (rows) => (rows.length ? rows.map((one) => h("div", {}, person(one))) : h("span", { class: "quiet" }, "–"));

// A table whose cells know the name of their column, which a phone shows beside them.
export function table(heads, rows) {
  return h("table", { class: "table table--plain stacks" },
    h("thead", {}, h("tr", {}, heads.map(([label, kind, more]) => h("th", { scope: "col", class: kind || null }, label, more)))),
    h("tbody", {}, rows.map(({ cells, kind }) => h("tr", { class: kind || null }, cells.map((cell, at) => h("td", { class: heads[at][1] || null, "data-label": heads[at][0] }, h("div", {}, cell)))))));
}

const SHOWN = 100;

// Rows by the hundred: a city's two thousand grids are no reason to wait.
export function paged(place, heads, rows, shown = SHOWN) {
  const parts = [table(heads, rows.slice(0, shown).map((row) => row()))];
  if (rows.length > shown) parts.push(h("button", { class: "duty__more", type: "button", onclick: () => paged(place, heads, rows, shown + SHOWN) }, t("再显示一些（共 {n} 行）", { n: rows.length })));
  place.replaceChildren(...parts);
}
