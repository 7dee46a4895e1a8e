// What is selected and where it is to go, or what is offered; nothing of it is done before it is accepted.

import { NEW } from "./edit_bar.js";
import { t } from "./core.js";

const nothing = () => ({ cells: new Set(), to: null, count: null, codes: null, offer: null });

// `draft()` is the draft shown, `changed()` hears every change, `said(words)` what cannot be.
export function pendingEdit({ draft, changed, said }) {
  const state = nothing();
  const isLocked = (code) => draft().grids.get(code)?.is_locked;
  const sources = () => new Set([...state.cells].map((cell) => draft().gridOf(cell)));

  // Cells of locked grids stay where they are: they are not even selected.
  function free(cells) {
    const open = cells.filter((cell) => !isLocked(draft().gridOf(cell)));
    said(open.length < cells.length ? t("{n} 块在锁定的网格中，没有选", { n: cells.length - open.length }) : null);
    return open;
  }

  function put(cells, mode) {
    if (mode === "only") Object.assign(state, nothing());
    Object.assign(state, { codes: null, offer: null, count: null });
    for (const cell of cells) {
      if (mode === "less") state.cells.delete(cell);
      else state.cells.add(cell);
    }
    if (!state.cells.size) state.to = null;
    changed();
  }

  const select = (cells, mode) => put(mode === "less" ? cells : free(cells), mode);

  function aim(code) {
    if (!state.cells.size) return;
    if (code !== NEW && isLocked(code)) said(t("目标网格已锁定，请先解锁"));
    else if ([...state.cells].every((cell) => draft().gridOf(cell) === code)) said(t("选中的地块已在这个网格中"));
    else {
      state.to = code;
      said(null);
    }
    changed();
  }

  // A click selects, or, where cells of other grids are selected already, tells where they go.
  function click(cell, mode, isPick) {
    if (cell < 0) return;
    const code = draft().gridOf(cell);
    const from = sources();
    const isTarget = mode === "only" && state.cells.size && !(from.size === 1 && from.has(code)) && (code === NEW || draft().grids.has(code));
    if (isTarget) aim(code);
    else if (mode !== "only") select([cell], state.cells.has(cell) ? "less" : "more");
    else if (isPick) select(state.cells.size === 1 && state.cells.has(cell) ? [] : [cell], "only");
  }

  // Painted cells go to the grid chosen, else to the one where the stroke began.
  function stroke(cells, mode, isFirst, chosen) {
    if (mode === "less") return select([...cells], "less");
    const [first] = cells;
    if (isFirst && !state.to) {
      const code = chosen || (first !== undefined && draft().gridOf(first));
      if (!code || isLocked(code)) return code ? said(t("目标网格已锁定，请先解锁")) : undefined;
      Object.assign(state, { to: code, codes: null, offer: null });
    }
    const own = [...cells].filter((cell) => draft().gridOf(cell) !== state.to && !state.cells.has(cell) && !isLocked(draft().gridOf(cell)));
    own.forEach((cell) => state.to && state.cells.add(cell));
    return own.length || isFirst ? changed() : undefined;
  }

  // The next grid to go to, those nearest to the selection first.
  function turn(step) {
    if (!state.cells.size) return;
    const { mesh } = draft();
    const places = [...state.cells].map((cell) => mesh.cells[cell].inside);
    const [x, y] = [0, 1].map((side) => places.reduce((sum, place) => sum + place[side], 0) / places.length);
    const from = sources();
    const away = new Map();
    mesh.cells.forEach(({ inside }, cell) => {
      const code = draft().gridOf(cell);
      const far = Math.hypot(inside[0] - x, inside[1] - y);
      if (!state.cells.has(cell) && !isLocked(code) && !(from.size === 1 && from.has(code)) && far < (away.get(code) ?? Infinity)) away.set(code, far);
    });
    const codes = [...away.keys()].sort((a, b) => away.get(a) - away.get(b));
    if (!codes.length) return;
    const at = codes.indexOf(state.to);
    aim(codes[at < 0 ? 0 : (at + step + codes.length) % codes.length]);
  }

  const set = (change) => {
    Object.assign(state, nothing(), change);
    changed();
  };

  // Where each cell is to go, by cell; those that stay are left out.
  function moves() {
    if (state.offer) return state.offer.moves;
    if (!state.to) return new Map();
    return new Map([...state.cells].filter((cell) => draft().gridOf(cell) !== state.to).map((cell) => [cell, state.to]));
  }

  return {
    select, click, stroke, aim, turn, moves,
    clear: () => set({}),
    merge: (codes) => set({ codes }),
    // So many households of the cell, not all.
    deal(count) {
      state.count = count;
      changed();
    },
    // What somebody worked out: moves (cell -> code), words, and body, what to ask for it; rows (code -> grid) of grids not there yet.
    offer: (offer) => set({ offer: { rows: new Map(), ...offer } }),
    // Ids outlast a reload of the cells; places in the list need not.
    ids: () => [...state.cells].map((cell) => draft().mesh.cells[cell].cell_id),
    // Take up again what was refused, as far as it makes sense now; what was worked out on other ground does not.
    resume({ ids = [], to, codes }) {
      const { mesh, grids, gridOf } = draft();
      if (codes) return set({ codes: codes.every((code) => grids.has(code)) ? codes : null });
      const cells = ids.map((id) => mesh.indexOf.get(id)).filter((cell) => cell !== undefined && gridOf(cell) !== to);
      return set({ cells: new Set(cells), to: cells.length && (to === NEW || grids.has(to)) ? to : null });
    },
    // Grids may be gone since they were chosen.
    mend() {
      const { grids } = draft();
      if (state.to && state.to !== NEW && !grids.has(state.to)) state.to = null;
      if (state.codes && !state.codes.every((code) => grids.has(code))) state.codes = null;
      // what was worked out on the plan as it was, or leads to grids that are gone, is no offer any more
      const { offer } = state;
      if (offer && (offer.revision ? offer.revision !== draft().revision : [...offer.moves.values()].some((code) => !grids.has(code)))) state.offer = null;
    },
    get now() {
      if (state.offer) return { offer: state.offer, cells: new Set(state.offer.moves.keys()) };
      if (state.codes) return { codes: state.codes, cells: state.cells };
      return state.cells.size ? { cells: state.cells, to: state.to, count: state.count } : null;
    },
    get to() {
      return state.to;
    },
    get isReady() {
      return Boolean(state.codes) || moves().size > 0;
    },
  };
}
