// What the cells of each grid add up to: households, people, pieces on foot, shape, stations inside.

// In how many pieces on foot each group of cells is; nobody stands on water.
function piecesOf(mesh, group) {
  const root = mesh.cells.map((_, cell) => cell);
  const find = (cell) => {
    let top = cell;
    while (root[top] !== top) top = root[top];
    while (root[cell] !== top) [cell, root[cell]] = [root[cell], top];
    return top;
  };
  const isLand = (cell) => mesh.cells[cell].kind !== "water";
  mesh.cells.forEach(({ on_foot: beside = [] }, cell) => {
    for (const id of beside) {
      const other = mesh.indexOf.get(id);
      if (other !== undefined && isLand(cell) && isLand(other) && group(cell) === group(other)) root[find(cell)] = find(other);
    }
  });
  const pieces = new Map();
  mesh.cells.forEach((_, cell) => {
    if (isLand(cell) && find(cell) === cell) pieces.set(group(cell), (pieces.get(group(cell)) || 0) + 1);
  });
  return pieces;
}

// `group(cell)` is the grid of a cell. Compactness is Polsby-Popper: 4 pi area by outline squared, 1 is a circle.
export function figuresOf(mesh, group) {
  const found = new Map();
  mesh.cells.forEach(({ households, people, stations = 0, ground }, cell) => {
    const code = group(cell);
    if (!found.has(code)) found.set(code, { households: 0, people: 0, stations: 0, ground: 0, cells: 0 });
    const row = found.get(code);
    row.households += households;
    row.people += people;
    row.stations += stations;
    row.ground += ground;
    row.cells += 1;
  });
  const [pieces, around] = [piecesOf(mesh, group), mesh.around(group)];
  for (const [code, row] of found) Object.assign(row, { pieces: pieces.get(code) || 0, compactness: (4 * Math.PI * row.ground) / around.get(code) ** 2 });
  return found;
}

// Households that the worker of each grid answers for, all of the plan's grids that are theirs added up; `holds(row)`: what a grid holds.
export function loadsOf(rows, holds = ({ households }) => households) {
  const held = new Map();
  for (const row of rows) if (row.worker) held.set(row.worker, (held.get(row.worker) || 0) + holds(row));
  return held;
}
