// What is said of a case, wherever it is said: how it stands to its limit, when things were, who has it.

import { data, h, t } from "./core.js";

const labels = Object.fromEntries(["categories", "tiers", "states", "moves"].map((name) => [name, new Map(data[name].map((row) => [row.key, row.label]))]));
const colours = new Map(data.categories.map((row) => [row.key, row.colour]));

export const labelOf = (name, key) => labels[name].get(key) || key || "–";

export const colourOf = (category) => colours.get(category) || "#687476";

export function standingWords(standing) {
  return { open: t("未办结"), in_time: t("时限内"), soon: t("快到期"), overdue: t("超时"), parked: t("挂账"), returned: t("退回"), closed: t("已办结") }[standing] || standing;
}

const clock = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

// A moment by Shanghai's clock: 2026-10-31 08:30.
export function moment(at) {
  if (!at) return "–";
  const parts = Object.fromEntries(clock.formatToParts(new Date(at)).map(({ type, value }) => [type, value]));
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}`;
}

export const dayOfMoment = (at) => moment(at).slice(0, 10);

// How long something is, in its largest unit: 40 min, 3 h, 2 d.
export function span(milliseconds) {
  const minutes = Math.abs(milliseconds) / 60000;
  if (minutes < 60) return t("{n} 分钟", { n: Math.max(1, Math.round(minutes)) });
  if (minutes < 48 * 60) return t("{n} 小时", { n: Math.floor(minutes / 60) });
  return t("{n} 天", { n: Math.floor(minutes / 1440) });
}

// How long is left, or how late it is: "3 h left", "2 d late".
export function limitWords({ standing, due_at: due, closed_at: closed }) {
  if (standing === "closed" || closed) return t("已办结");
  if (standing === "parked") return t("挂账");
  if (!due) return t("无时限");
  const left = Date.parse(due) - Date.now();
  return left < 0 ? t("超时 {span}", { span: span(left) }) : t("还剩 {span}", { span: span(left) });
}

export const badge = (row) => h("span", { class: `limit limit--${row.standing}` }, limitWords(row));

// A case's own standing, from its lateness: the list's word for it. `soon` is told by the list alone.
export const standingOf = (lateness, listed) => ({ closed: "closed", parked: "parked", overdue: "overdue" })[lateness] || (listed === "soon" ? "soon" : "in_time");

export function problemWords(problem) {
  return { no_place: t("没有地址也没有位置"), address_unknown: t("地址查不到"), address_unclear: t("地址对应多处"), outside: t("位置在辖区之外") }[problem] || problem;
}

// What an event was: a move by its name, or one of the few things that are not moves.
export function eventWords(kind) {
  return { report: t("上报"), note: t("备注"), duplicate: t("标为重复"), no_duplicate: t("撤销重复标记"), place: t("补定位置") }[kind] || labelOf("moves", kind);
}

export function sourceWords(source) {
  return { staff: t("工作人员"), resident: t("居民"), file: t("导入"), open311: "Open311", demo: t("演示数据") }[source] || source;
}
