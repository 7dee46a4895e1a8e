// Dragging a shared border: cells that the pointer sweeps change sides; what both grids hold stands beside the pointer.

import { t } from "./core.js";
import { figuresOfSides, sidesOf } from "./edit_bar.js";
import { tip } from "./map.js";

// The body of an edit that gives each cell to a grid of its own.
export const bodyOfMoves = (draft, moves) => draft.ask({ verb: "move", moves: [...moves].map(([cell, to]) => ({ cell_id: draft.mesh.cells[cell].cell_id, to })) });

export function borderDrag(map, { draft, pending, say }) {
  const box = tip(map);
  let held = null; // { sides: the two grids, from: where each cell was when the drag began, way: cells swept }

  const codeOf = (moves) => (cell) => moves.get(cell) ?? draft().gridOf(cell);

  // Whether there is a border to be held at a place; what was dragged before goes on.
  function press(place, radius) {
    const moves = new Map(pending.now?.offer?.isDrag ? pending.moves() : []);
    const sides = draft().mesh.bordering(place, radius, codeOf(moves));
    held = null;
    if (!sides) say(t("请按在两个网格之间的边界上"));
    else if (sides.some((code) => !draft().grids.has(code))) say(t("没有住户的地块不在联户单元里"));
    else if (sides.some((code) => draft().grids.get(code).is_locked)) say(t("边界一侧的网格已锁定，请先解锁"));
    else held = { sides, from: moves, way: [] };
    if (held) say(null);
    return held !== null;
  }

  // A cell that is entered goes to the other side; going back gives it back.
  function sweep(cell, event) {
    const { way, sides, from } = held;
    if (cell === way[way.length - 1] || !sides.includes(codeOf(from)(cell))) return;
    if (cell === way[way.length - 2]) way.pop();
    else way.push(cell);
    const moves = new Map(from);
    for (const one of way) {
      const to = sides[1 - sides.indexOf(codeOf(from)(one))];
      if (to === draft().gridOf(one)) moves.delete(one);
      else moves.set(one, to);
    }
    show(moves, event);
  }

  function show(moves, event) {
    if (!moves.size) {
      box.hide();
      return pending.clear();
    }
    const [title, ...lines] = figuresOfSides(sidesOf(draft(), moves));
    box.show(map.mouseEventToLatLng(event), title, ...lines);
    return pending.offer({ words: t("移动边界"), moves, body: bodyOfMoves(draft(), moves), isDrag: true });
  }

  return { press, sweep, rest: () => box.hide() };
}
