// Grids and zones from vector tiles: coloured, hovered, clicked, dimmed by a filter.

import { colour, number, t } from "./core.js";
import { tip } from "./map.js";
import { hatch, sharpTile } from "./sharp_tile.js";

const LINE = { stroke: true, color: "#3d4a4c", opacity: 0.75, weight: 1, fill: true };

function looks() {
  const bands = { below: colour("band-below"), within: colour("band-within"), above: colour("band-above"), dedicated: colour("band-dedicated") };
  const alarm = hatch(colour("seal"), "#f6ded8");
  return {
    band: (grid, state) => ({
      ...LINE,
      color: "#48504a",
      fillColor: state.vacant.has(grid.grid_code) ? hatch(colour("seal"), bands[grid.band] || bands.within) : bands[grid.band] || bands.within,
      fillOpacity: 0.58,
    }),
    cover: (grid, state) =>
      state.vacant.has(grid.grid_code)
        ? { ...LINE, color: colour("seal"), opacity: 1, weight: 1.6, fillColor: alarm, fillOpacity: 0.85 }
        : { ...LINE, color: "#2f6e66", fillColor: "#a9d0c5", fillOpacity: 0.5 },
    outline: () => ({ ...LINE, color: colour("ink-2"), opacity: 0.4, weight: 1, fillColor: "#ffffff", fillOpacity: 0.001 }),
    // What the page's script gives each grid; lines alone where it gives none.
    classes: (grid, state) => ({
      ...LINE,
      color: colour("ink-2"),
      opacity: 0.4,
      fillColor: state.fills.get(grid.grid_code) || "#ffffff",
      fillOpacity: state.fills.has(grid.grid_code) ? 0.74 : 0.001,
    }),
  };
}

const EMPTY_TILES = "data:application/octet-stream,";

// Labels are points and carry their grid's code: they must not share its id, nor its style.
function idOf({ type, properties }) {
  if (type === 1) return `label:${properties.grid_code}`;
  return "zone_code" in properties ? `zone:${properties.zone_code}` : `grid:${properties.grid_code}`;
}

export function gridTiles(map, options) {
  const look = looks()[options.look];
  const state = { vacant: new Set(), shown: null, zones: false, hovered: null, marked: new Set(), fills: new Map() };
  const hear = { click: () => {}, hover: null };
  const pointer = tip(map);

  function gridStyle(grid) {
    const style = look(grid, state);
    if (state.shown && !state.shown.has(grid.grid_code)) return { ...style, fillOpacity: style.fillOpacity * 0.16, opacity: 0.25 };
    if (state.marked.has(grid.grid_code)) return { ...style, color: colour("accent"), weight: 3, opacity: 1, ...(state.fills.has(grid.grid_code) ? {} : { fillColor: colour("accent"), fillOpacity: 0.16 }) };
    if (state.hovered === grid.grid_code) return { ...style, weight: 2.6, opacity: 1, fillOpacity: Math.min(style.fillOpacity + 0.14, 0.9) };
    return style;
  }

  const zoneStyle = () => (state.zones ? { stroke: true, fill: false, color: "#475356", weight: 0.9, opacity: 0.8, dashArray: "3 3" } : []);

  const layer = L.vectorGrid.protobuf(options.tiles || EMPTY_TILES, {
    pane: "data",
    rendererFactory: sharpTile,
    interactive: true,
    fetchOptions: { credentials: "same-origin" },
    getFeatureId: idOf,
    vectorTileLayerStyles: { grids: gridStyle, zones: zoneStyle, grid_labels: [] },
  });
  if (options.tiles) layer.addTo(map);

  const restyle = (code) => code && layer.setFeatureStyle(`grid:${code}`, gridStyle);

  layer.on("mouseover mousemove", (event) => {
    const grid = event.layer.properties;
    if (!grid.grid_code || "zone_code" in grid) return;
    if (state.hovered !== grid.grid_code) {
      const before = state.hovered;
      state.hovered = grid.grid_code;
      restyle(before);
      restyle(grid.grid_code);
    }
    const lines = hear.hover ? hear.hover(grid) : [grid.households === undefined ? null : t("{n} 户", { n: number(grid.households) })];
    pointer.show(event.latlng, grid.name || grid.grid_code, ...lines);
  });
  layer.on("mouseout", () => {
    const before = state.hovered;
    state.hovered = null;
    restyle(before);
    pointer.hide();
  });
  layer.on("click", (event) => {
    if (event.layer.properties.grid_code) hear.click(event.layer.properties.grid_code, event.latlng);
    L.DomEvent.stop(event);
  });

  return {
    layer,
    // Show the tiles of this address from now on.
    setTiles(url) {
      layer.setUrl(url, !map.hasLayer(layer));
      if (!map.hasLayer(layer)) layer.addTo(map);
    },
    show: (visible) => (visible ? layer.addTo(map) : layer.remove()),
    onClick(act) {
      hear.click = act;
    },
    onHover(lines) {
      hear.hover = lines;
    },
    setVacant(codes) {
      const changed = new Set([...state.vacant, ...codes]);
      state.vacant = new Set(codes);
      changed.forEach(restyle);
    },
    mark(codes) {
      const changed = new Set([...state.marked, ...codes]);
      state.marked = new Set(codes);
      changed.forEach(restyle);
    },
    // The colour of each of these codes; those of no other code.
    setFills(fills) {
      const changed = [...new Set([...state.fills.keys(), ...fills.keys()])].filter((code) => state.fills.get(code) !== fills.get(code));
      state.fills = fills;
      changed.forEach(restyle);
    },
    // Dim all but these codes; null shows all.
    filter(codes, all) {
      state.shown = codes;
      all.forEach(restyle);
    },
    setZones(visible) {
      state.zones = visible;
      layer.redraw();
    },
  };
}
