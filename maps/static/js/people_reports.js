// What residents say is wrong with an answer, the newest day first, until somebody has seen to it.

import { byId, data, empty, fill, get, h, number, Problem, send, setText, t } from "./core.js";
import { paged } from "./people_words.js";

const KINDS = {
  wrong_grid: () => t("不在这个网格"), no_answer: () => t("电话没人接"), wrong_person: () => t("网格员不是这个人"),
  wrong_place: () => t("地图位置不对"), other: () => t("其他"),
};

export function reportsPart({ asked }) {
  async function settle(one) {
    try {
      await send("POST", `lookup/reports/${one.report_id}/settle`);
      setText("reports-said", t("已处理。"));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setText("reports-said", error.message);
    }
    await load();
  }

  const row = (one) => ({ cells: [
    [h("span", { class: "name" }, one.grid || one.grid_code), h("span", { class: "code" }, `${one.grid_code} · ${one.community || one.area_code}`)],
    KINDS[one.kind](), one.reported_on, number(one.times),
    h("button", { class: "button button--small", type: "button", onclick: () => settle(one) }, t("已处理")),
  ] });

  function load() {
    const query = asked();
    return fill(byId("reports"), () => get("lookup/reports"), (body) => {
      const rows = body.reports.filter((one) => !query.area_code || one.area_code === query.area_code);
      setText("count-reports", rows.length ? number(rows.length) : "");
      byId("count-reports").classList.toggle("is-alarm", rows.length > 0);
      if (!rows.length) return byId("reports").replaceChildren(empty(t("没有待处理的。")));
      return paged(byId("reports"), [[t("网格"), "head"], [t("哪里不对"), null], [t("日期"), null], [t("次数"), "number"], ["", "ways"]], rows.map((one) => () => row(one)));
    });
  }

  return { load: data.can_settle ? load : () => null };
}
