// What is pending: which cells are to go where, or which grids are to be one, with the households before and after.

import { bandDot, bandOf, BAND_WORDS } from "./band.js";
import { h, number, t } from "./core.js";

export const NEW = "new";
const SIDES_MAX = 4;

// The grids that a move touches, households before and after; the target comes last.
export function sidesOfMove(draft, cells, to) {
  const given = new Map();
  for (const cell of cells) {
    const code = draft.gridOf(cell);
    if (code !== to) given.set(code, (given.get(code) || 0) + draft.mesh.cells[cell].households);
  }
  const moved = [...given.values()].reduce((sum, n) => sum + n, 0);
  const left = (code) => draft.picture().members.get(code).some((cell) => !cells.has(cell));
  const sides = [...given].map(([code, n]) => {
    const { kind, households } = draft.grids.get(code);
    return { code, name: draft.shortOf(code), kind, before: households, after: left(code) ? households - n : null };
  });
  if (to === NEW) sides.push({ code: to, name: t("新网格"), kind: "general", before: null, after: moved });
  else if (to) {
    const { kind, households } = draft.grids.get(to);
    sides.push({ code: to, name: draft.shortOf(to), kind, before: households, after: households + moved });
  }
  return sides;
}

export function sidesOfMerge(draft, codes) {
  const grids = codes.map((code) => draft.grids.get(code));
  const [{ kind, households }] = grids;
  const after = grids.reduce((sum, grid) => sum + grid.households, 0);
  const gone = grids.slice(1).map((grid) => ({ code: grid.grid_code, name: draft.shortOf(grid.grid_code), before: grid.households, after: null }));
  return [...gone, { code: codes[0], name: draft.shortOf(codes[0]), kind, before: households, after }];
}

function sideOf({ name, kind, before, after }, isTarget) {
  const band = after === null ? null : bandOf(after, kind);
  return h("span", { class: `edit-side${isTarget ? " edit-side--to" : ""}` },
    h("b", {}, name),
    h("span", {}, before === null ? "" : `${number(before)} → `, after === null ? t("不再存在") : number(after)),
    band && h("span", { class: "edit-side__band" }, bandDot(band), BAND_WORDS[band]));
}

const way = (words, key, onclick, more = {}) => h("button", { class: "button button--small", type: "button", onclick, ...more }, words, h("kbd", {}, key));

// `ways`: accept, renew (a new grid), cancel.
export function editBar(place, { ways, hint }) {
  const notice = h("p", { class: "edit-bar__notice", role: "alert", hidden: true });
  const what = h("p", { class: "edit-bar__what", role: "status" });
  const sides = h("div", { class: "edit-bar__sides" });
  const accept = way(t("确认"), "⏎", ways.accept, { class: "button button--small button--main", id: "edit-accept" });
  const renew = way(t("新网格"), "N", ways.renew, { id: "edit-new" });
  const cancel = way(t("取消"), "Esc", ways.cancel, { id: "edit-cancel" });
  const buttons = h("div", { class: "edit-bar__ways" }, renew, cancel, accept);
  const box = h("section", { class: "edit-bar", id: "edit-bar", "aria-label": t("待定的改动"), hidden: true }, notice, h("div", { class: "edit-bar__body" }, what, sides), buttons);
  place.append(box);

  const fewest = (all) => (all.length <= SIDES_MAX ? all : [...all.slice(0, SIDES_MAX - 2), null, all[all.length - 1]]);

  function drawMove(draft, { cells, to }, pointed) {
    const target = to || (pointed && [...cells].some((cell) => draft.gridOf(cell) !== pointed) ? pointed : null);
    const moving = [...cells].filter((cell) => draft.gridOf(cell) !== target);
    const all = sidesOfMove(draft, cells, target);
    what.replaceChildren(h("b", {}, t("选中 {n} 块，{m} 户", { n: number(moving.length), m: number(draft.households(moving)) })), target ? "" : h("span", {}, t("点目标网格，或按 G 轮换")));
    sides.replaceChildren(...fewest(all).map((side) => (side ? sideOf(side, target && side.code === target) : h("span", {}, "…"))));
    accept.disabled = !to || !moving.length;
    renew.hidden = false;
  }

  function drawMerge(draft, { codes }) {
    what.replaceChildren(h("b", {}, t("合并 {n} 个网格", { n: codes.length })));
    sides.replaceChildren(...fewest(sidesOfMerge(draft, codes)).map((side, at, all) => (side ? sideOf(side, at === all.length - 1) : h("span", {}, "…"))));
    accept.disabled = false;
    renew.hidden = true;
  }

  return {
    box,
    draw({ draft, pending, pointed, tool, isBusy }) {
      box.hidden = false;
      box.classList.toggle("is-busy", isBusy);
      buttons.hidden = !pending;
      if (!pending) {
        what.replaceChildren(h("span", {}, hint(tool)));
        sides.replaceChildren();
      } else if (pending.codes) drawMerge(draft, pending);
      else drawMove(draft, pending, pointed);
    },
    say(words) {
      notice.textContent = words || "";
      if (words) box.hidden = false;
      notice.hidden = !words;
    },
    hide() {
      box.hidden = true;
    },
  };
}
