// What is done to grids as a whole: their keys, the buttons above the list, and which grids are meant.

import { byId, t } from "./core.js";

const COUNTS = [2, 3, 4, 5, 6, 7, 8, 9];

// `state` keeps chosen and pointed.
export function editActs({ state, page, draft, pending, tasks, offers, table, say }) {
  // The grids chosen in the list, else the one with the focus or under the pointer, else the one whose cells are selected.
  function meant() {
    const code = table.codeInFocus() || state.pointed;
    const selected = new Set([...(pending.now?.cells || [])].map((cell) => draft().gridOf(cell)));
    if (state.chosen.length || code) return state.chosen.length ? state.chosen : [code];
    return selected.size === 1 ? [...selected] : [];
  }

  function withOne(act) {
    const [code] = meant();
    if (code) act(code);
    else say(t("请先选网格"));
  }

  function even() {
    const codes = meant();
    if (codes.length) offers.even(codes);
    else say(t("请先选网格"));
  }

  function merge() {
    say(null);
    // The largest goes on, so that fewest households change grid.
    const held = (code) => draft().grids.get(code)?.households || 0;
    if (state.chosen.length > 1) pending.merge([...state.chosen].sort((one, other) => held(other) - held(one)));
    else say(t("请先在列表中选两个以上网格（按住 Ctrl 点）"));
  }

  const parts = (count) => withOne((code) => offers.parts(code, count));
  const lockPlan = () => tasks.lockPlan(page.grids.some(({ is_locked: isLocked }) => !isLocked));
  const lockAll = () => tasks.lock(draft().codes());

  // A drawn line splits the grid that is chosen, else the one in which most of it lies.
  function line(points) {
    const { mesh, gridOf } = draft();
    const met = new Map();
    mesh.plane({ type: "Polygon", coordinates: [points] })[0].forEach(([x, y]) => {
      const cell = mesh.cellAt(x, y);
      if (cell >= 0) met.set(gridOf(cell), (met.get(gridOf(cell)) || 0) + 1);
    });
    const [most] = [...met].sort((a, b) => b[1] - a[1])[0] || [null];
    const code = state.chosen.length === 1 ? state.chosen[0] : most;
    if (code) offers.line(code, points);
    else say(t("线不在这个社区里"));
  }

  // What zones and units know nothing of.
  const ofGrids = (act) => () => (draft().level === "grids" ? act() : say(t("此操作只用于网格")));

  const buttons = { parts: () => parts(Number(byId("edit-count").value)), streets: ofGrids(() => withOne(offers.streets)), fix: ofGrids(() => withOne(offers.fix)), even: ofGrids(even), redraw: ofGrids(offers.redraw), merge, plan: ofGrids(lockPlan) };
  for (const button of document.querySelectorAll("[data-act]")) button.addEventListener("click", () => buttons[button.dataset.act]());
  byId("edit-lock").addEventListener("click", ofGrids(lockAll));

  return {
    line,
    keys: {
      ...Object.fromEntries(COUNTS.map((count) => [String(count), () => parts(count)])),
      t: buttons.streets, f: buttons.fix, a: buttons.even, "shift+a": buttons.redraw, m: buttons.merge, F2: () => (draft().level === "units" ? say(t("联户单元没有名称")) : withOne(table.rename)),
      k: ofGrids(() => tasks.lock(meant())), "shift+k": ofGrids(lockAll), "shift+l": buttons.plan,
    },
  };
}
