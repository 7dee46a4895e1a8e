// What must be made anew: plates that people reported, doors without one, plates whose building is gone.

import { byId, empty, fill, get, number, send, setText, t } from "./core.js";
import { table } from "./people_words.js";
import { ask, attempt, button, code, door, reason, say } from "./plates_words.js";

const DAY = 10;

export function todoPart({ asked, issue, changed }) {
  const settle = (one, outcome, words) => attempt(async () => {
    await send("POST", `plates/reports/${one.report_id}/settle`, { outcome });
    say(words);
    await changed();
  });

  function reports(rows) {
    if (!rows.length) return empty(t("没有待处理的上报。"));
    return table([[t("门"), "head"], [t("编号"), null], [t("上报"), "words"], [t("日期"), null], ["", "ways"]], rows.map((one) => ({ cells: [
      door(one), code(one.code),
      [reason(one.kind), one.times > 1 ? ` × ${one.times}` : "", one.words ? document.createElement("br") : "", one.words || ""],
      one.reported_at.slice(0, DAY),
      [
        button(t("原码重印"), () => settle(one, "reprint", t("已加入待印制。"))),
        button(t("换发新码"), () => settle(one, "replace", t("已停用旧门牌，新门牌待印制。"))),
        button(t("无需处理"), () => settle(one, "dismiss", t("已处理。"))),
      ],
    ] })));
  }

  function missing(rows) {
    if (!rows.length) return empty(t("每个门都有门牌。"));
    return table([[t("社区"), "head"], [t("从未制作"), "number"], [t("停用后未补"), "number"], ["", "ways"]], rows.map((one) => ({ cells: [
      one.name, number(one.doors), number(one.revoked), button(t("制作门牌"), () => issue(one.area_code, one.name)),
    ] })));
  }

  function astray(rows) {
    if (!rows.length) return empty(t("没有这样的门牌。"));
    return table([[t("门（制作时的名称）"), "head"], [t("编号"), null], [t("制作日期"), null], ["", "ways"]], rows.map((one) => ({ cells: [
      door(one), code(one.code), one.issued_at.slice(0, DAY),
      button(t("停用"), () => ask({ title: t("停用门牌"), what: one.label, asksReason: true, act: async (why) => {
        await send("POST", `plates/${one.plate_id}/revoke`, { reason: why, replace: false });
        say(t("已停用。"));
        await changed();
      } })),
    ] })));
  }

  function draw(body) {
    byId("reports").replaceChildren(reports(body.reports));
    byId("missing").replaceChildren(missing(body.missing));
    byId("astray").replaceChildren(astray(body.astray));
    const doors = body.missing.reduce((sum, one) => sum + one.doors + one.revoked, 0);
    setText("sum-reports", number(body.reports.length));
    setText("sum-missing", number(doors));
    setText("sum-astray", number(body.astray.length));
    setText("count-todo", body.reports.length ? number(body.reports.length) : "");
    byId("count-todo").classList.toggle("is-alarm", body.reports.length > 0);
  }

  return { load: () => fill(byId("reports"), () => get("plates/reprints", asked()), draw) };
}
