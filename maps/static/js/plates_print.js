// Batches to print: a first page to look at, the whole as a file, and word that it came back from the printer.

import { byId, empty, fill, get, h, number, send, setText, t } from "./core.js";
import { follow } from "./jobs.js";
import { table } from "./people_words.js";
import { attempt, button, say } from "./plates_words.js";

const DAY = 10;
const AT_ONCE = 40;

export function printPart({ asked, changed }) {
  const wishes = (batch) => ({ batch_id: batch.batch_id, size: batch.size, paper: byId("paper").value, waiting_only: byId("waiting-only").checked });
  const address = (form, query) => `/api/v1/plates/sheet.${form}?${new URLSearchParams(query)}`;

  // A large order is drawn by the worker: the bar says how far it is.
  async function order(batch, place) {
    const bar = h("progress", { max: 1, value: 0, "aria-label": t("进度") });
    place.replaceChildren(bar);
    await attempt(async () => {
      const { job_id: job } = await send("POST", "plates/sheets", wishes(batch));
      const made = await follow(job, (share) => (bar.value = share));
      say(t("已生成 {n} 块门牌，共 {m} 页。", { n: number(made.plates), m: number(made.pages) }));
      place.replaceChildren(h("a", { class: "button button--small button--main", href: `/api/v1/plates/sheets/${job}/file`, download: made.file }, t("下载（ZIP）")));
    });
    if (place.contains(bar)) place.replaceChildren(...ways(batch, place));
  }

  function ways(batch, place) {
    const query = wishes(batch);
    const count = query.waiting_only ? batch.waiting : batch.live;
    if (!count) return [];
    const whole = count > AT_ONCE
      ? button(t("生成全部 PDF"), () => order(batch, place))
      : h("a", { class: "button button--small", href: address("pdf", query), target: "_blank" }, "PDF");
    const parts = [h("a", { class: "button button--small", href: address("svg", { ...query, page: 1 }), target: "_blank" }, t("看第 1 页")), whole];
    if (batch.waiting) parts.push(button(t("已印好"), () => attempt(async () => {
      const { plates } = await send("POST", "plates/printed", { batch_id: batch.batch_id });
      say(t("{n} 块门牌记为已印制。", { n: number(plates) }));
      await changed();
    })));
    return parts;
  }

  function row(batch) {
    const place = h("div", {});
    place.append(...ways(batch, place));
    return { cells: [
      [h("span", { class: "name" }, t("第 {n} 批", { n: batch.batch_id })), h("span", { class: "code" }, `${batch.area || batch.area_code} · ${batch.made_at.slice(0, DAY)}`)],
      number(batch.live), number(batch.waiting), batch.size.replace("x", " × "), place,
    ] };
  }

  function draw(body) {
    const waiting = body.batches.reduce((sum, batch) => sum + batch.waiting, 0);
    setText("sum-waiting", number(waiting));
    setText("count-print", waiting ? number(waiting) : "");
    if (!body.batches.length) return byId("batches").replaceChildren(empty(t("还没有制作过门牌。选好区划和尺寸，按“制作门牌”。")));
    return byId("batches").replaceChildren(table([[t("批次"), "head"], [t("块数"), "number"], [t("待印制"), "number"], [t("尺寸"), null], ["", "ways"]], body.batches.map(row)));
  }

  const load = () => fill(byId("batches"), () => get("plates/batches", asked()), draw);
  byId("paper").addEventListener("change", load);
  byId("waiting-only").addEventListener("change", load);
  return { load };
}
