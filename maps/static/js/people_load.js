// How much each carries, beside the mean and what the place asks for; and how far it is to walk past every door.

import { byId, empty, fill, get, h, number, setText, t } from "./core.js";
import { paged } from "./people_words.js";

export function loadPart({ asked }) {
  function bar(value, most, mean, heavy) {
    const line = h("i", { "width%": most ? (value / most) * 100 : 0 });
    const mark = mean ? h("em", {}) : null;
    if (mark) mark.style.left = `${most ? (mean / most) * 100 : 0}%`;
    return h("span", { class: heavy ? "bar is-heavy" : "bar", "aria-hidden": "true" }, line, mark);
  }

  function draw(body) {
    const [low, high] = body.norm || [0, Infinity];
    const most = Math.max(...body.loads.map((one) => one.households), 1);
    const told = [t("平均 {n} 户", { n: number(body.mean_households) })];
    if (body.norm) told.push(low === high ? t("应为约 {n} 户", { n: number(high) }) : t("应为 {low}–{high} 户", { low: number(low), high: number(high) }));
    setText("load-note", body.loads.length ? [...told, t("竖线是平均。")].join(" · ") : "");
    if (!body.loads.length) return byId("load").replaceChildren(empty(t("这一天没有人任此职。")));
    const row = (one) => ({ cells: [
      [h("span", { class: "name" }, one.name), one.stands_in ? h("span", { class: "code" }, t("其中替岗 {n} 处", { n: one.stands_in })) : null],
      number(one.targets), h("span", { class: one.households > high ? "alarm" : null }, number(one.households)), one.people === null ? "–" : number(one.people), bar(one.households, most, body.mean_households, one.households > high),
    ] });
    return paged(byId("load"), [[t("姓名"), "head"], [t("处数"), "number"], [t("户数"), "number"], [t("人口"), "number"], [t("与平均相比"), null]], body.loads.map((one) => () => row(one)));
  }

  function drawRounds(body) {
    setText("rounds-note", t("经过每栋楼再回到起点的步行路线，每秒 {n} 米，不计停留和上下楼。", { n: body.speed_m_per_s }));
    if (!body.rounds.length) return byId("rounds").replaceChildren(empty(t("这一天没有生效的网格方案。")));
    const longest = body.rounds[0].length_m;
    const row = (one) => ({ cells: [
      [h("span", { class: "name" }, one.name), h("span", { class: "code" }, one.grid_code)], number(one.households), number(one.buildings),
      t("{n} 米", { n: number(one.length_m) }), t("{n} 分钟", { n: number(one.walk_min) }), bar(one.length_m, longest, null, false),
    ] });
    return paged(byId("rounds"), [[t("网格"), "head"], [t("户数"), "number"], [t("楼栋"), "number"], [t("路程"), "number"], [t("步行"), "number"], [t("与最长相比"), null]], body.rounds.map((one) => () => row(one)));
  }

  function load() {
    const query = asked();
    const loads = fill(byId("load"), () => get("duties/load", { ...query, role: byId("load-role").value }), draw);
    if (!query.area_code) {
      setText("rounds-note", t("先在上方选择一个社区。"));
      byId("rounds").replaceChildren();
      return loads;
    }
    return Promise.all([loads, fill(byId("rounds"), () => get("duties/rounds", query), drawRounds)]);
  }

  byId("load-role").addEventListener("change", load);
  return { load };
}
