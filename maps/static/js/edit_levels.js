// What is edited: grids, or the zones or household units inside them, by the same tools.

import { t } from "./core.js";

// Level: [words, what a new one is called].
export const LEVELS = {
  grids: [t("网格"), t("新网格")],
  zones: [t("责任区域"), t("新责任区域")],
  units: [t("联户单元"), t("新联户单元")],
};

function zonesOf({ zones, cells }, { rows, features }) {
  const of = new Map(rows.map((row) => [row.grid_code, row]));
  const named = zones.map((zone) => ({ ...zone, grid_code: zone.zone_code, within: of.get(zone.grid_code).name, worker: zone.answerable_unit }));
  return { named, home: features.map(({ properties }) => cells[properties.cell_id]) };
}

// A cell is drawn in the unit that has most of its households; where nobody lives it is in none.
function unitsOf({ units, shares }, { rows, features }) {
  const of = new Map(rows.map((row) => [row.grid_code, row]));
  const named = units.map((unit) => ({ ...unit, name: t("联户 {n}", { n: Number(unit.unit_code.slice(15)) }), grid_code: unit.unit_code, within: of.get(unit.grid_code).name }));
  const dealt = new Map();
  for (const { cell_id: id, unit_code: code, households } of shares) {
    if (!dealt.has(id)) dealt.set(id, []);
    dealt.get(id).push([code, households]);
  }
  dealt.forEach((own) => own.sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])));
  return { named, dealt, home: features.map(({ properties }) => dealt.get(properties.cell_id)?.[0][0] ?? properties.grid_code) };
}

// The rows and homes of a level in the place of grids; `dealt`: cell id -> its units and how many households each has.
export function levelled(level, parts, told) {
  if (level === "grids") return { named: told.rows, home: told.features.map(({ properties }) => properties.grid_code) };
  const { community } = told.rows[0];
  const { named, ...rest } = (level === "zones" ? zonesOf : unitsOf)(parts, told);
  return { ...rest, named: named.map((row) => ({ ...row, community, kind: level, band: null, bbox: null })) };
}
