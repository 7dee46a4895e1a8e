// What is pending: which cells are to go where, or which grids are to be one, with the households before and after.

import { bandDot, bandOf, BAND_WORDS } from "./band.js";
import { h, number, t } from "./core.js";
import { LEVELS } from "./edit_levels.js";

export const NEW = "new";
const SIDES_MAX = 4;
const BANDED = new Set(["general", "dedicated"]);

// The grids that moves (cell -> code) touch, households before and after, those that only take last; `rows`: grids not there yet.
// `count`: so many households of each cell, not all.
export function sidesOf(draft, moves, rows = new Map(), count = undefined) {
  const change = new Map();
  const taken = new Set();
  const add = (code, households) => change.set(code, (change.get(code) || 0) + households);
  for (const [cell, to] of moves) {
    for (const [from, households] of draft.partsOf(cell, count)) {
      if (from === to || (count && !households)) continue;
      add(from, -households);
      add(to, households);
    }
    taken.add(to);
  }
  const { members } = draft.picture();
  const stays = (code, after) => after > 0 || taken.has(code) || (draft.level !== "units" && (members.get(code) || []).some((cell) => !moves.has(cell)));
  const sides = [...change].map(([code, n]) => {
    const known = draft.grids.get(code);
    const { kind } = known || rows.get(code) || { kind: draft.level === "grids" ? "general" : draft.level };
    const name = known ? draft.shortOf(code) : rows.get(code)?.name.replace(draft.community, "") || LEVELS[draft.level][1];
    const before = known ? known.households : null;
    const after = (before || 0) + n;
    return { code, name, kind, before, after: stays(code, after) ? after : null, takes: taken.has(code) };
  });
  return sides.sort((a, b) => a.takes - b.takes);
}

export function sidesOfMerge(draft, codes) {
  const grids = codes.map((code) => draft.grids.get(code));
  const [{ kind, households }] = grids;
  const after = grids.reduce((sum, grid) => sum + grid.households, 0);
  const gone = grids.slice(1).map((grid) => ({ code: grid.grid_code, name: draft.shortOf(grid.grid_code), before: grid.households, after: null }));
  return [...gone, { code: codes[0], name: draft.shortOf(codes[0]), kind, before: households, after }];
}

// "240 → 300" in words for those who cannot see the colours.
export const figuresOfSides = (sides) => sides.map(({ name, before, after }) => `${name} ${before === null ? "" : `${number(before)} → `}${after === null ? t("不再存在") : number(after)}`);

function sideOf({ name, kind, before, after }, isTarget) {
  const band = after === null || !BANDED.has(kind) ? null : bandOf(after, kind);
  return h("span", { class: `edit-side${isTarget ? " edit-side--to" : ""}` },
    h("b", {}, name),
    h("span", {}, before === null ? "" : `${number(before)} → `, after === null ? t("不再存在") : number(after)),
    band && h("span", { class: "edit-side__band" }, bandDot(band), BAND_WORDS[band]));
}

const way = (words, key, onclick, more = {}) => h("button", { class: "button button--small", type: "button", onclick, ...more }, words, h("kbd", {}, key));
const isIn = (count, kind) => count !== null && kind !== "dedicated" && bandOf(count, kind) === "within";

// `ways`: accept, renew (a new grid, zone or unit), cancel, deal (so many households).
export function editBar(place, { ways, hint }) {
  const notice = h("p", { class: "edit-bar__notice", role: "alert", hidden: true });
  const what = h("p", { class: "edit-bar__what", role: "status" });
  const sides = h("div", { class: "edit-bar__sides" });
  const accept = way(t("确认"), "⏎", ways.accept, { class: "button button--small button--main", id: "edit-accept" });
  const renew = way(t("新网格"), "N", ways.renew, { id: "edit-new" });
  const cancel = way(t("取消"), "Esc", ways.cancel, { id: "edit-cancel" });
  const input = h("input", { class: "input", id: "edit-households", type: "number", min: 1, onchange: () => ways.deal(Number(input.value) === Number(input.max) ? null : Number(input.value)) });
  const some = h("label", { class: "edit-some", hidden: true }, t("其中户数"), input);
  const buttons = h("div", { class: "edit-bar__ways" }, some, renew, cancel, accept);
  const box = h("section", { class: "edit-bar", id: "edit-bar", "aria-label": t("待定的改动"), hidden: true }, notice, h("div", { class: "edit-bar__body" }, what, sides), buttons);
  place.append(box);

  function drawSides(all, isTarget) {
    const shown = all.length <= SIDES_MAX ? all : [...all.slice(0, SIDES_MAX - 2), null, all[all.length - 1]];
    sides.replaceChildren(...shown.map((side, at) => (side ? sideOf(side, isTarget(side, at === shown.length - 1)) : h("span", {}, "…"))));
  }

  // Of one building some households may go to another unit.
  function drawCount(draft, { cells, count }) {
    const [cell] = cells;
    const isAsked = draft.level === "units" && cells.size === 1 && draft.mesh.cells[cell].households > 1;
    some.hidden = !isAsked;
    if (!isAsked) return;
    input.max = draft.mesh.cells[cell].households;
    if (document.activeElement !== input) input.value = count || input.max;
  }

  function drawMove(draft, { cells, to, count }, pointed) {
    const target = to || (pointed && [...cells].some((cell) => draft.gridOf(cell) !== pointed) ? pointed : null);
    const moving = [...cells].filter((cell) => draft.gridOf(cell) !== target);
    what.replaceChildren(h("b", {}, t("选中 {n} 块，{m} 户", { n: number(moving.length), m: number(draft.households(moving)) })), target ? "" : h("span", {}, t("点目标网格，或按 G 轮换")));
    if (target) drawSides(sidesOf(draft, new Map(moving.map((cell) => [cell, target])), new Map(), count || undefined), ({ code }) => code === target);
    else drawSides(sidesOfLoss(draft, cells), () => false);
    accept.disabled = !to || !moving.length;
    renew.hidden = false;
  }

  function drawMerge(draft, { codes }) {
    what.replaceChildren(h("b", {}, t("合并 {n} 个网格", { n: codes.length })));
    drawSides(sidesOfMerge(draft, codes), (_, isLast) => isLast);
    accept.disabled = false;
    renew.hidden = true;
  }

  function drawOffer(draft, { words, moves, rows }) {
    const all = sidesOf(draft, moves, rows);
    const households = draft.households(moves.keys());
    const isBanded = draft.level === "grids";
    const within = (side) => all.filter((one) => isIn(one[side], one.kind)).length;
    const there = (side) => all.filter((one) => one[side] !== null).length;
    const sum = isBanded && all.length > SIDES_MAX ? [h("span", {}, t("规模适当 {a}/{b} → {c}/{d}", { a: within("before"), b: there("before"), c: within("after"), d: there("after") }))] : [];
    what.replaceChildren(h("b", {}, words), h("span", {}, isBanded ? t("{n} 块、{m} 户换网格", { n: number(moves.size), m: number(households) }) : t("{n} 块、{m} 户", { n: number(moves.size), m: number(households) })), ...sum);
    drawSides(all, ({ takes }) => takes);
    accept.disabled = !moves.size;
    renew.hidden = true;
  }

  return {
    box,
    draw({ draft, pending, pointed, tool, isBusy }) {
      box.hidden = false;
      box.classList.toggle("is-busy", isBusy);
      buttons.hidden = !pending;
      renew.firstChild.textContent = LEVELS[draft.level][1];
      some.hidden = true;
      if (pending?.to !== undefined) drawCount(draft, pending);
      if (!pending) {
        what.replaceChildren(h("span", {}, hint(tool)));
        sides.replaceChildren();
      } else if (pending.offer) drawOffer(draft, pending.offer);
      else if (pending.codes) drawMerge(draft, pending);
      else drawMove(draft, pending, pointed);
    },
    // `isCalm`: nothing is wrong.
    say(words, isCalm = false) {
      notice.textContent = words || "";
      notice.classList.toggle("edit-bar__notice--calm", isCalm);
      if (words) box.hidden = false;
      notice.hidden = !words;
    },
    hide() {
      box.hidden = true;
    },
  };
}

// What grids would have left if cells went, wherever to.
function sidesOfLoss(draft, cells) {
  const nowhere = new Map([...cells].map((cell) => [cell, NEW]));
  return sidesOf(draft, nowhere).filter(({ code }) => code !== NEW);
}
