// What has nobody on a day and why; and on which days of a stretch buildings have nobody.

import { byId, data, empty, fill, get, h, number, setText, t } from "./core.js";
import { listed, paged, plusDays, reason, until } from "./people_words.js";

export function vacantPart({ asked, assign, nameOf }) {
  function row(one, role) {
    const why = [h("span", { class: "badge badge--alarm" }, reason(one.reason)), one.holder && h("small", {}, one.holder), one.reason === "ended" && h("small", {}, until(one.ended_on))];
    const way = data.can_write && !one.holder && h("button", { class: "button button--small", type: "button", onclick: () => assign({ ...one, role }) }, t("任命"));
    return { cells: [[h("span", { class: "name" }, one.name || one.code), h("span", { class: "code" }, `${one.code} · ${one.community}`)], number(one.households), why, one.next_on || "–", way || ""] };
  }

  function load() {
    const role = byId("vacant-role").value;
    const query = asked();
    return fill(byId("vacant"), () => get("duties/vacancies", { role, on: query.on }), (body) => {
      const rows = body.vacancies.filter((one) => !query.area_code || one.area_code === query.area_code);
      setText("vacant-note", rows.length ? t("{n} 处空岗，{m} 户", { n: number(rows.length), m: number(rows.reduce((sum, one) => sum + one.households, 0)) }) : "");
      if (role === "worker") {
        setText("count-vacant", rows.length ? number(rows.length) : "");
        byId("count-vacant").classList.toggle("is-alarm", rows.length > 0);
      }
      if (!rows.length) return byId("vacant").replaceChildren(empty(t("没有空岗。")));
      return paged(byId("vacant"), [[t("对象"), "head"], [t("户数"), "number"], [t("原因"), "person"], [t("何时有人"), null], ["", "ways"]], rows.map((one) => () => row(one, role)));
    });
  }

  function stretch(one, names) {
    const what = one.grid_codes.length ? listed(one.grid_codes.map(nameOf)) : t("没有网格方案");
    return { cells: [[h("span", { class: "name" }, what), h("span", { class: "code" }, names.get(one.area_code) || one.area_code)], `${one.from_on} ${until(one.to_on)}`, number(one.buildings), number(one.households)] };
  }

  function search(event) {
    event?.preventDefault();
    const form = byId("span").elements;
    const query = asked();
    fill(byId("stretches"), () => get("duties/vacancies", { from: form.from.value, to: form.to.value }), (body) => {
      const names = new Map([...byId("area").options].map((option) => [option.value, option.textContent]));
      const rows = body.stretches.filter((one) => !query.area_code || one.area_code === query.area_code);
      if (!rows.length) return byId("stretches").replaceChildren(empty(t("这些日子里，每栋楼每天都有网格员。")));
      return paged(byId("stretches"), [[t("网格"), "head"], [t("日期"), null], [t("楼栋"), "number"], [t("户数"), "number"]], rows.map((one) => () => stretch(one, names)));
    });
  }

  byId("vacant-role").addEventListener("change", load);
  byId("span").addEventListener("submit", search);
  byId("span").elements.from.value = data.on;
  byId("span").elements.to.value = plusDays(data.on, 90);
  return { load };
}
