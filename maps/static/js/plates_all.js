// Every plate: found by the door's name or its code, ended or replaced.

import { byId, debounce, empty, fill, get, send, t } from "./core.js";
import { table } from "./people_words.js";
import { ask, button, code, door, say, state } from "./plates_words.js";

const PAGE = 100;

export function allPart({ asked, changed }) {
  let rows = [];
  let after = null;

  const end = (one, replace) => ask({
    title: replace ? t("换发新码") : t("停用门牌"),
    what: replace ? t("“{door}”的旧门牌立即失效，新门牌进入待印制。", { door: one.label }) : t("“{door}”的门牌立即失效，不再补发。", { door: one.label }),
    asksReason: true,
    act: async (why) => {
      await send("POST", `plates/${one.plate_id}/revoke`, { reason: why, replace });
      say(replace ? t("已停用旧门牌，新门牌待印制。") : t("已停用。"));
      await changed();
    },
  });

  const row = (one) => ({ cells: [
    door(one), code(one.code), state(one), t("第 {n} 批", { n: one.batch_id }),
    one.state === "revoked" ? "" : [one.is_astray ? "" : button(t("换发新码"), () => end(one, true)), button(t("停用"), () => end(one, false))],
  ] });

  function draw() {
    byId("more").hidden = after === null;
    if (!rows.length) return byId("plates").replaceChildren(empty(t("没有符合的门牌。")));
    return byId("plates").replaceChildren(table([[t("门"), "head"], [t("编号"), null], [t("状态"), null], [t("批次"), null], ["", "ways"]], rows.map(row)));
  }

  const page = (from) => get("plates", { ...asked(), q: byId("find").value.trim(), state: byId("state").value, after: from, limit: PAGE });

  const load = () => fill(byId("plates"), () => page(0), (body) => {
    rows = body.plates;
    after = body.next_after;
    draw();
  });

  byId("more").addEventListener("click", async () => {
    const body = await page(after);
    rows = [...rows, ...body.plates];
    after = body.next_after;
    draw();
  });
  byId("find").addEventListener("input", debounce(load, 250));
  byId("state").addEventListener("change", load);
  return { load };
}
