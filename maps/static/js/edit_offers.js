// What the server works out before it is done: splits, mendings, grids drawn anew. Shown as pending, done when accepted.

import { get, h, number, Problem, send, t } from "./core.js";
import { bodyOfMoves } from "./edit_border.js";

const NONE = { none: t("移动三栋楼以内无法使它进入规模，可试周边平衡（A）或合并（M）"), unfinished: t("限度内没有找到办法"), in_band: t("它已在规模内") };

// `settled()` waits for edits under way; `refused(error)` tells a refusal and loads what was missed; `card` is the page's.
export function editOffers({ draft, pending, card, say, settled, refused, busy }) {
  let last = 0;

  // Ask, and drop the answer where something newer was asked meanwhile.
  async function asked(load, show) {
    const mine = (last += 1);
    pending.clear();
    say(null);
    busy(true);
    try {
      await settled();
      const answer = await load(`plans/${draft().planId}`);
      if (mine === last) show(answer);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (mine === last) await refused(error, { body: {} });
    } finally {
      if (mine === last) busy(false);
    }
  }

  function preview(body, words) {
    return asked((plan) => send("POST", `${plan}/edits`, { ...body, revision: draft().revision, dry_run: true }), ({ revision, moved, grids }) => {
      const moves = new Map(moved.map(({ cell_id: id, to }) => [draft().mesh.indexOf.get(id), to]));
      const rows = new Map(grids.map(({ properties }) => [properties.grid_code, properties]));
      pending.offer({ words, moves, rows, body: { ...body, revision }, revision });
    });
  }

  const choice = (title, lines, onclick) => {
    const button = h("button", { class: "row edit-choice", type: "button", "data-part": "choice", "aria-pressed": "false" }, h("span", {}, h("span", { class: "name" }, title), lines.map((line) => h("span", { class: "code" }, line))));
    button.addEventListener("click", () => {
      button.parentElement.querySelectorAll("[data-part=choice]").forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
      onclick();
    });
    return button;
  };

  function offerChoices(title, choices) {
    card.show([h("h2", {}, title)], [h("div", { class: "rows", id: "edit-choices" }, choices)]);
    choices[0].click();
    choices[0].focus({ preventScroll: true });
  }

  // Streets along which a grid can be split, the most even split first.
  function streets(code) {
    return asked((plan) => get(`${plan}/grids/${code}/streets`), ({ streets: found }) => {
      if (!found.length) return say(t("没有能把它分开的街道"));
      return offerChoices(t("沿街拆分{grid}", { grid: draft().shortOf(code) }), found.map(({ name, street_ids: ids, length_m: length, households }) => {
        const title = name || t("无名道路");
        return choice(title, [t("{n} 米", { n: number(length) }), t("{n} 户", { n: households.map(number).join(" + ") })], () => preview({ verb: "split", grid_codes: [code], streets: ids }, t("沿{street}拆分", { street: title })));
      }));
    });
  }

  // The fewest buildings whose move brings a grid into the band.
  function fix(code) {
    return asked((plan) => get(`${plan}/grids/${code}/fix`), ({ state, answers }) => {
      if (!answers.length) return say(`${draft().shortOf(code)}：${NONE[state]}`);
      return offerChoices(t("调整{grid}", { grid: draft().shortOf(code) }), answers.map(({ moves, households }) => {
        const title = moves.map(({ address, cell_id: id }) => address || t("地块 {id}", { id })).join(" · ");
        const ends = Object.entries(households).map(([one, count]) => `${draft().shortOf(one)} ${number(draft().grids.get(one)?.households)} → ${number(count)}`);
        return choice(title, ends, () => {
          const found = new Map(moves.map(({ cell_id: id, to }) => [draft().mesh.indexOf.get(id), to]));
          pending.offer({ words: title, moves: found, body: bodyOfMoves(draft(), found) });
        });
      }));
    });
  }

  const nameOf = (code) => draft().shortOf(code);
  return {
    streets, fix,
    line: (code, line) => preview(draft().ask({ verb: "split", grid_codes: [code], line }), t("按线拆分{grid}", { grid: nameOf(code) })),
    parts: (code, count) => preview(draft().ask({ verb: "split", grid_codes: [code], count }), t("{grid}均分 {n} 份", { grid: nameOf(code), n: count })),
    even: (codes) => preview({ verb: "rebalance", grid_codes: codes }, t("重新平衡{grid}及周边", { grid: codes.map(nameOf).join(" · ") })),
    redraw: () => preview({ verb: "redraw", area_code: draft().area }, t("重划整个社区")),
    // Whatever is still under way is not shown any more.
    drop() {
      last += 1;
      busy(false);
    },
  };
}
