// Who is away: a strip of days a row, red where nobody answers; a leave can be changed or taken back.

import { byId, data, empty, fill, get, h, Problem, s, send, setText, t } from "./core.js";
import { daysBetween, paged, plusDays, until } from "./people_words.js";

const DAYS = 60;

export function leavePart({ asked, change, changed }) {
  let first = plusDays(data.on, -7);

  function strip(one) {
    const last = plusDays(first, DAYS);
    const at = (day) => Math.min(DAYS, Math.max(0, daysBetween(first, day)));
    const span = (from, to, name) => {
      const begin = at(from || first);
      return s("rect", { class: name, x: begin, y: 5, width: Math.max(0.4, at(to || last) - begin), height: 12 });
    };
    const months = Array.from({ length: DAYS }, (_, step) => plusDays(first, step)).filter((day) => day.endsWith("-01"));
    return s("svg", { class: "strip", viewBox: `0 0 ${DAYS} 22`, preserveAspectRatio: "none", role: "img", "aria-label": `${one.from_on || ""} ${until(one.to_on)}` },
      months.map((day) => s("line", { class: "day", x1: at(day), x2: at(day), y1: 0, y2: 22 })),
      span(one.from_on, one.to_on, "in"), one.gaps.filter((gap) => gap.from_on < last && (!gap.to_on || gap.to_on > first)).map((gap) => span(gap.from_on, gap.to_on, "gap")),
      s("line", { class: "today", x1: at(asked().on), x2: at(asked().on), y1: 0, y2: 22 }));
  }

  // The first days of months, each above its line.
  function scale() {
    const months = Array.from({ length: DAYS }, (_, step) => step).filter((step) => plusDays(first, step).endsWith("-01"));
    return h("span", { class: "scale", "aria-hidden": "true" }, months.map((step) => {
      const label = h("i", {}, plusDays(first, step).slice(0, 7));
      label.style.left = `${(step / DAYS) * 100}%`;
      return label;
    }));
  }

  async function takeBack(one) {
    try {
      await send("DELETE", `absences/${one.absence_id}`, undefined, { revision: one.revision });
      await changed();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      byId("leave").prepend(h("p", { class: "problem-line", role: "alert" }, error.message));
    }
  }

  function row(one) {
    const who = [h("span", { class: "name" }, one.name), h("span", { class: "code" }, `${one.from_on || ""} ${until(one.to_on)}`)];
    const substitute = one.substitute_id ? one.substitute || t("管辖范围外的人员") : h("span", { class: "alarm" }, t("无人替岗"));
    const ways = data.can_write && [h("button", { class: "button button--small", type: "button", onclick: () => change(one) }, t("修改")), " ", h("button", { class: "button button--small", type: "button", onclick: () => takeBack(one) }, t("销假"))];
    const cells = [who, [substitute, one.by_duty.length ? h("small", {}, t("另有 {n} 处由他人替岗", { n: one.by_duty.length })) : null], strip(one)];
    return { cells: data.can_write ? [...cells, ways] : cells };
  }

  function load() {
    setText("leave-days", t("{first} 至 {last}", { first, last: plusDays(first, DAYS - 1) }));
    return fill(byId("leave"), () => get("absences", { from: first, to: plusDays(first, DAYS) }), (body) => {
      const { area_code: area } = asked();
      const rows = body.absences.filter((one) => !area || one.area_code === area);
      setText("count-leave", rows.length ? String(rows.length) : "");
      if (!rows.length) return byId("leave").replaceChildren(empty(t("这些日子里没有人请假。")));
      const heads = [[t("请假人"), "head"], [t("替岗人"), "person"], [t("日历"), "days", scale()]];
      return paged(byId("leave"), data.can_write ? [...heads, ["", "ways"]] : heads, rows.map((one) => () => row(one)));
    });
  }

  const turn = (days) => {
    first = plusDays(first, days);
    load();
  };
  byId("leave-back").addEventListener("click", () => turn(-30));
  byId("leave-on").addEventListener("click", () => turn(30));
  return { load };
}
