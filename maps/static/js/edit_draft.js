// The draft as the server told it: the grids of one community, and the cells that lie in them.

import { figuresOf } from "./edit_figures.js";
import { levelled } from "./edit_levels.js";
import { contains, meshOf } from "./edit_mesh.js";

const COLOURS = 8;

// A colour for each grid that no neighbour has; grids keep theirs as long as that holds.
function coloured(codes, beside, before) {
  const colours = new Map();
  for (const code of codes) {
    const taken = new Set([...(beside.get(code) || [])].map((other) => colours.get(other)));
    const free = [...Array(COLOURS).keys()].filter((one) => !taken.has(one));
    const kept = before.get(code);
    colours.set(code, free.includes(kept) || !free.length ? kept ?? 0 : free[Number(code.slice(-3)) % free.length]);
  }
  return colours;
}

// `level`: what is edited; zones and units stand in the place of grids, under their own codes.
export function draftOf({ planId, area, revision, level, rows, features, parts }) {
  const mesh = meshOf(features);
  const { named, home, dealt } = levelled(level, parts, { rows, features });
  const grids = new Map(named.map((row) => [row.grid_code, row]));
  const workers = new Map(named.map((row) => [row.grid_code, row.worker]));
  const frames = level === "grids" ? null : mesh.borders((cell) => features[cell].properties.grid_code).lines;
  const under = new Map(); // cell -> grid that was asked for, until the server has answered
  let colours = new Map();
  let drawn = null;

  const gridOf = (cell) => under.get(cell) ?? home[cell];
  const nameOf = (code) => (grids.get(code) || { name: code }).name;
  // Within its community a grid needs no more than its own name.
  const shortOf = (code) => nameOf(code).replace(rows[0].community, "") || nameOf(code);

  // Who is beside whom, and with which colour, as it is shown now.
  function picture() {
    if (drawn) return drawn;
    const { lines, beside } = mesh.borders(gridOf);
    const members = new Map();
    mesh.cells.forEach((_, cell) => {
      const code = gridOf(cell);
      if (!members.has(code)) members.set(code, []);
      members.get(code).push(cell);
    });
    colours = coloured([...members.keys()].sort(), beside, colours);
    const fills = new Map([...members].map(([code, cells]) => {
      const path = new Path2D();
      cells.forEach((cell) => path.addPath(mesh.cells[cell].path));
      return [code, path];
    }));
    drawn = { lines, beside, members, colours, fills };
    return drawn;
  }

  // The grid, zone or units that a cell's households are in, and how many; of `count` those of the largest.
  function partsOf(cell, count = Infinity) {
    const { cell_id: id, households } = mesh.cells[cell];
    let left = count;
    return (dealt?.get(id) || [[gridOf(cell), households]]).map(([code, n]) => {
      const given = Math.min(left, n);
      left -= given;
      return [code, given];
    });
  }

  // Take what an edit's answer tells; false where it does not tell all that changed: load anew.
  function take({ revision: now, grids: told, removed }) {
    if (level !== "grids") return false;
    draft.revision = now;
    drawn = null;
    const mine = told.filter(({ properties }) => properties.area_code === area);
    const touched = new Set([...mine.map(({ properties }) => properties.grid_code), ...removed]);
    removed.forEach((code) => grids.delete(code));
    const shapes = mine.map(({ properties, geometry }) => {
      const code = properties.grid_code;
      const known = grids.get(code);
      grids.set(code, { worker: workers.get(code), ...known, ...properties, bbox: properties.bbox || known?.bbox });
      return [code, geometry && mesh.plane(geometry)];
    });
    const stayed = new Set(shapes.filter(([, rings]) => !rings).map(([code]) => code));
    let isWhole = true;
    home.forEach((code, cell) => {
      if (!touched.has(code) || stayed.has(code)) return;
      const found = shapes.find(([, rings]) => rings && contains(rings, ...mesh.cells[cell].inside));
      if (found) [home[cell]] = found;
      else isWhole = false;
    });
    return isWhole;
  }

  const draft = {
    planId, area, revision, level, community: rows[0].community, frames, partsOf, mesh, grids,
    // The body of an edit of this level, that names by code what a grid is named by.
    ask: ({ grid_codes: codes, ...rest }) => (level === "grids" ? { ...(codes && { grid_codes: codes }), ...rest } : { level, ...(codes && { codes }), ...rest }), gridOf, nameOf, shortOf, picture, take,
    // Show cells in other grids already; settle() puts it right once there is an answer.
    assume(moves) {
      moves.forEach(([cell, code]) => under.set(cell, code));
      drawn = null;
    },
    mark(codes, isLocked) {
      for (const code of codes) if (grids.has(code)) grids.get(code).is_locked = isLocked;
    },
    settle() {
      under.clear();
      drawn = null;
    },
    // What every grid holds as it is shown now, or as it would be after moves (cell -> code).
    figures(moves = new Map()) {
      if (!moves.size && drawn?.figures) return drawn.figures;
      const found = figuresOf(mesh, moves.size ? (cell) => moves.get(cell) ?? gridOf(cell) : gridOf);
      if (!moves.size) picture().figures = found;
      return found;
    },
    households: (cells) => [...cells].reduce((sum, cell) => sum + mesh.cells[cell].households, 0),
    codes: () => [...grids.keys()].sort(),
  };
  return draft;
}
