// Pointing at cells and grids: with the mouse, at a row of the list, or with the arrow keys.

import { number, t } from "./core.js";
import { screenOf } from "./edit_cells.js";
import { tip } from "./map.js";

const EDGE = [80, 80]; // px that stay around the cell pointed at

// `state` keeps cursor and pointed; `select(cells)` adds to the selection, `shown()` hears what is pointed at now.
export function editPointer(map, { state, draft, isHand, select, shown }) {
  const box = tip(map);

  function point(cell, event) {
    if (cell < 0) box.hide();
    else if (event) tell(cell, map.mouseEventToLatLng(event));
    if (cell === state.cursor) return;
    state.cursor = cell;
    pointAt(cell < 0 ? null : draft().gridOf(cell));
  }

  function pointAt(code) {
    if (!state.isOn) return;
    state.pointed = code;
    shown();
  }

  function tell(cell, latlng) {
    const { address, households, people } = draft().mesh.cells[cell];
    const grid = draft().shortOf(draft().gridOf(cell));
    box.show(latlng, address || grid, t("{n} 户", { n: number(households) }) + (people ? ` · ${t("{n} 人", { n: number(people) })}` : ""), address && grid);
  }

  // To the cell beside the one pointed at; where that is not seen, to the one in the middle of the map.
  function arrow(direction, isMore) {
    if (isHand()) return true;
    const { mesh } = draft();
    const screen = screenOf(map, mesh);
    const size = map.getSize();
    const isSeen = (cell) => cell >= 0 && screen.toScreen(mesh.cells[cell].inside).every((value, side) => value > 0 && value < [size.x, size.y][side]);
    const next = isSeen(state.cursor) ? mesh.beside(state.cursor, direction) : mesh.nearest(screen.toPlane([size.x / 2, size.y / 2]));
    if (isMore) select([state.cursor, next].filter((cell) => cell >= 0));
    point(next);
    map.panInside(map.containerPointToLatLng(screen.toScreen(mesh.cells[next].inside)), { padding: EDGE });
    return false;
  }

  return { point, pointAt, arrow, hide: () => box.hide() };
}
