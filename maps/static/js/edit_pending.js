// What is selected and where it is to go; nothing of it is asked of the server before it is accepted.

import { NEW } from "./edit_bar.js";
import { t } from "./core.js";

// `draft()` is the draft shown, `changed()` hears every change, `said(words)` what cannot be.
export function pendingEdit({ draft, changed, said }) {
  const state = { cells: new Set(), to: null, codes: null };
  const isLocked = (code) => draft().grids.get(code)?.is_locked;
  const sources = () => new Set([...state.cells].map((cell) => draft().gridOf(cell)));

  // Cells of locked grids stay where they are: they are not even selected.
  function free(cells) {
    const open = cells.filter((cell) => !isLocked(draft().gridOf(cell)));
    said(open.length < cells.length ? t("{n} 块在锁定的网格中，没有选", { n: cells.length - open.length }) : null);
    return open;
  }

  function put(cells, mode) {
    if (mode === "only") Object.assign(state, { cells: new Set(), to: null });
    state.codes = null;
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
    const isTarget = mode === "only" && state.cells.size && !(from.size === 1 && from.has(code));
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
      Object.assign(state, { to: code, codes: null });
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

  function clear() {
    Object.assign(state, { cells: new Set(), to: null, codes: null });
    changed();
  }

  return {
    select, click, stroke, aim, turn, clear,
    merge(codes) {
      Object.assign(state, { cells: new Set(), to: null, codes });
      changed();
    },
    // Ids outlast a reload of the cells; places in the list need not.
    ids: () => [...state.cells].map((cell) => draft().mesh.cells[cell].cell_id),
    // Take up again what was refused, as far as it makes sense now.
    resume({ ids, to, codes }) {
      const { mesh, grids, gridOf } = draft();
      if (codes) Object.assign(state, { cells: new Set(), to: null, codes: codes.every((code) => grids.has(code)) ? codes : null });
      else {
        const cells = ids.map((id) => mesh.indexOf.get(id)).filter((cell) => cell !== undefined && gridOf(cell) !== to);
        Object.assign(state, { cells: new Set(cells), to: cells.length && (to === NEW || grids.has(to)) ? to : null, codes: null });
      }
      changed();
    },
    // Grids may be gone since they were chosen.
    mend() {
      const { grids } = draft();
      if (state.to && state.to !== NEW && !grids.has(state.to)) state.to = null;
      if (state.codes && !state.codes.every((code) => grids.has(code))) state.codes = null;
    },
    get now() {
      if (state.codes) return { codes: state.codes, cells: state.cells };
      return state.cells.size ? state : null;
    },
    get cells() {
      return state.cells;
    },
    get to() {
      return state.to;
    },
    get isReady() {
      if (state.codes) return true;
      return Boolean(state.to) && [...state.cells].some((cell) => draft().gridOf(cell) !== state.to);
    },
  };
}
