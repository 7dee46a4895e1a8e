// The cells of one community as flat shapes: which lies where, which edges they share, who is beside whom.

const ZOOM = 18; // of the plane: its unit is one pixel at this zoom
const CRS = L.CRS.EPSG3857;

export const scaleAt = (zoom) => 2 ** (zoom - ZOOM);
const flat = (lon, lat) => CRS.latLngToPoint(L.latLng(lat, lon), ZOOM);
const ringsOf = ({ type, coordinates }) => (type === "Polygon" ? coordinates : coordinates.flat());

// Whether a place lies in rings, holes left out.
export function contains(rings, x, y) {
  let isIn = false;
  for (const ring of rings) {
    for (let at = 0, before = ring.length - 1; at < ring.length; before = at, at += 1) {
      const [[ax, ay], [bx, by]] = [ring[at], ring[before]];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isIn = !isIn;
    }
  }
  return isIn;
}

function boxOf(rings) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of rings.flat()) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

// A place inside: the middle, or the middle of the widest stretch at half height where that is a hole or a bay.
function insideOf(rings, [west, north, east, south]) {
  const middle = [(west + east) / 2, (north + south) / 2];
  if (contains(rings, ...middle)) return middle;
  const y = middle[1] + 1e-7 * (south - north);
  const hits = [];
  for (const ring of rings) {
    for (let at = 0, before = ring.length - 1; at < ring.length; before = at, at += 1) {
      const [[ax, ay], [bx, by]] = [ring[at], ring[before]];
      if (ay > y !== by > y) hits.push(((bx - ax) * (y - ay)) / (by - ay) + ax);
    }
  }
  hits.sort((a, b) => a - b);
  let best = [hits[0], hits[0]];
  for (let at = 0; at + 1 < hits.length; at += 2) if (hits[at + 1] - hits[at] > best[1] - best[0]) best = [hits[at], hits[at + 1]];
  return [(best[0] + best[1]) / 2, y];
}

// Area of rings in units of the plane; holes run the other way round.
function groundOf(rings) {
  let twice = 0;
  for (const ring of rings) for (let at = 1; at < ring.length; at += 1) twice += ring[at - 1][0] * ring[at][1] - ring[at][0] * ring[at - 1][1];
  return Math.abs(twice) / 2;
}

const apart = ([ax, ay], [bx, by]) => Math.hypot(bx - ax, by - ay);

// How far a place is from a stretch of outline.
function awayFrom([x, y], { a, b }) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const share = Math.max(0, Math.min(1, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy || 1)));
  return apart([x, y], [a[0] + share * dx, a[1] + share * dy]);
}

function pathOf(rings) {
  const path = new Path2D();
  for (const ring of rings) {
    ring.forEach(([x, y], at) => (at ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
  }
  return path;
}

// Every stretch of outline once, with the cells on both sides (-1: nothing of this community).
function edgesOf(cells) {
  const found = new Map();
  cells.forEach(({ rings }, cell) => {
    for (const ring of rings) {
      for (let at = 1; at < ring.length; at += 1) {
        const [a, b] = [ring[at - 1], ring[at]];
        const key = a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]) ? `${a}|${b}` : `${b}|${a}`;
        const edge = found.get(key);
        if (edge) edge.right = cell;
        else found.set(key, { a, b, left: cell, right: -1 });
      }
    }
  });
  return [...found.values()];
}

export function meshOf(features) {
  const [[lon, lat]] = ringsOf(features[0].geometry)[0];
  const origin = flat(lon, lat);
  const plane = (geometry) => ringsOf(geometry).map((ring) => ring.map(([x, y]) => {
    const point = flat(x, y);
    return [point.x - origin.x, point.y - origin.y];
  }));
  const cells = features.map(({ geometry, properties }) => {
    const rings = plane(geometry);
    const box = boxOf(rings);
    return { ...properties, rings, box, inside: insideOf(rings, box), path: pathOf(rings), ground: groundOf(rings) };
  });
  const edges = edgesOf(cells);

  function cellAt(x, y) {
    return cells.findIndex(({ box, rings }) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3] && contains(rings, x, y));
  }

  // The cells whose middle lies in a ring.
  const cellsIn = (ring) => cells.flatMap(({ inside }, at) => (contains([ring], ...inside) ? [at] : []));

  // The cells within `radius` of a stroke from one place to another.
  function cellsAlong([ax, ay], [bx, by], radius) {
    const found = new Set();
    const steps = Math.max(1, Math.ceil(Math.hypot(bx - ax, by - ay) / (radius / 2)));
    for (let step = 0; step <= steps; step += 1) {
      const [x, y] = [ax + ((bx - ax) * step) / steps, ay + ((by - ay) * step) / steps];
      for (const [dx, dy] of [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]) {
        const cell = cellAt(x + dx * radius, y + dy * radius);
        if (cell >= 0) found.add(cell);
      }
    }
    return found;
  }

  function nearest([x, y]) {
    const away = ({ inside }) => Math.hypot(inside[0] - x, inside[1] - y);
    return cells.reduce((best, cell, at) => (away(cell) < away(cells[best]) ? at : best), 0);
  }

  // The nearest cell to the left, above ... of one: what lies aside counts double.
  function beside(cell, [dx, dy]) {
    const [x, y] = cells[cell].inside;
    let [best, least] = [cell, Infinity];
    cells.forEach(({ inside }, at) => {
      const ahead = (inside[0] - x) * dx + (inside[1] - y) * dy;
      const aside = Math.abs((inside[0] - x) * dy) + Math.abs((inside[1] - y) * dx);
      if (ahead > 0 && aside <= ahead * 2 && ahead + aside * 2 < least) [best, least] = [at, ahead + aside * 2];
    });
    return best;
  }

  // The two groups on both sides of the border nearest to a place, nobody's ground left out; null where none is near.
  function bordering(place, radius, group) {
    let [best, least] = [null, radius];
    for (const edge of edges) {
      const far = edge.right < 0 ? Infinity : awayFrom(place, edge);
      if (far < least && group(edge.left) !== group(edge.right)) [best, least] = [edge, far];
    }
    return best && [group(best.left), group(best.right)];
  }

  // How long the outline of each group is, in units of the plane.
  function around(group) {
    const found = new Map();
    const add = (key, length) => found.set(key, (found.get(key) || 0) + length);
    for (const { a, b, left, right } of edges) {
      const [one, other] = [group(left), right < 0 ? null : group(right)];
      if (one === other) continue;
      add(one, apart(a, b));
      if (other !== null) add(other, apart(a, b));
    }
    return found;
  }

  // The outlines between what `group` tells apart: group -> path, and group -> the groups beside it.
  function borders(group) {
    const lines = new Map();
    const beside = new Map();
    const of = (kept, key, make) => kept.get(key) || kept.set(key, make()).get(key);
    for (const { a, b, left, right } of edges) {
      const [one, other] = [group(left), right < 0 ? null : group(right)];
      if (one === other) continue;
      for (const [mine, yours] of [[one, other], [other, one]]) {
        if (mine === null) continue;
        const line = of(lines, mine, () => new Path2D());
        line.moveTo(...a);
        line.lineTo(...b);
        if (yours !== null) of(beside, mine, () => new Set()).add(yours);
      }
    }
    return { lines, beside };
  }

  const outlines = new Path2D();
  for (const { a, b } of edges) {
    outlines.moveTo(...a);
    outlines.lineTo(...b);
  }
  const indexOf = new Map(cells.map(({ cell_id: id }, at) => [id, at]));
  return { origin, cells, outlines, indexOf, plane, cellAt, cellsIn, cellsAlong, nearest, beside, bordering, around, borders };
}
