// The ground from our own vector tiles, drawn by protomaps-leaflet: paint below the data, names above it.

import { colour, number } from "./core.js";

const MAJOR = new Set(["motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"]);
const MIDDLE = new Set(["secondary", "tertiary", "secondary_link", "tertiary_link"]);
const PATH = new Set(["footway", "path", "steps", "cycleway", "track", "corridor", "bridleway", "pedestrian", "platform"]);

function kindOf(roadClass) {
  if (MAJOR.has(roadClass)) return "major";
  if (MIDDLE.has(roadClass)) return "middle";
  return PATH.has(roadClass) ? "path" : "minor";
}

// Width in px by zoom for each kind of street.
const WIDTHS = {
  major: [[10, 0.8], [13, 2.4], [15, 6], [17, 13], [19, 30]],
  middle: [[11, 0.5], [13, 1.4], [15, 4.2], [17, 10], [19, 24]],
  minor: [[13, 0.5], [15, 2.4], [17, 6.5], [19, 17]],
  path: [[15, 0.7], [17, 1.6], [19, 4]],
};

function streetRules(P) {
  const is = (kind) => (zoom, feature) => kindOf(feature.props.road_class) === kind;
  const casing = colour("ground-casing");
  const fill = colour("ground-street");
  const line = (kind, color, extra, more = {}) => ({
    dataLayer: "streets",
    filter: is(kind),
    symbolizer: new P.LineSymbolizer({ color, width: (z) => P.linear(WIDTHS[kind])(z) + extra, lineCap: "round", lineJoin: "round", ...more }),
    ...(kind === "path" ? { minzoom: 15 } : {}),
    ...(kind === "minor" ? { minzoom: 13 } : {}),
  });
  const kinds = ["minor", "middle", "major"];
  return [line("path", casing, 0), ...kinds.map((kind) => line(kind, casing, 1.3)), ...kinds.map((kind) => line(kind, fill, 0))];
}

function paintRules(P) {
  const area = (dataLayer, fill, filter, more = {}) => ({ dataLayer, filter, symbolizer: new P.PolygonSymbolizer({ fill, ...more }) });
  const wood = (zoom, feature) => feature.props.kind === "wood" || feature.props.kind === "forest";
  return [
    area("greens", colour("ground-green"), (zoom, feature) => !wood(zoom, feature)),
    area("greens", colour("ground-wood"), wood),
    area("water", colour("ground-water"), (zoom, feature) => feature.geomType === 3),
    {
      dataLayer: "water",
      filter: (zoom, feature) => feature.geomType === 2,
      symbolizer: new P.LineSymbolizer({ color: colour("ground-water"), width: P.linear([[12, 1], [16, 3], [19, 8]]) }),
    },
    { ...area("buildings", colour("ground-building"), undefined, { stroke: colour("ground-building-line"), width: 0.6 }), minzoom: 14 },
    ...streetRules(P),
    { dataLayer: "rail", symbolizer: new P.LineSymbolizer({ color: colour("ground-rail"), width: P.linear([[11, 0.6], [16, 1.8], [19, 3]]) }) },
    { dataLayer: "walls", minzoom: 15, symbolizer: new P.LineSymbolizer({ color: colour("ground-rail"), width: 1 }) },
  ];
}

function labelRules(P) {
  const family = getComputedStyle(document.body).fontFamily;
  const halo = colour("ground-halo");
  const place = (rank, minzoom, size, weight, fill) => ({
    dataLayer: "places",
    minzoom,
    filter: (zoom, feature) => feature.props.rank === rank,
    symbolizer: new P.CenteredTextSymbolizer({ labelProps: ["name"], font: `${weight} ${size}px ${family}`, fill, stroke: halo, width: 2.5, maxLineChars: 12 }),
  });
  return [
    place(1, 10, 16, 600, colour("ink-2")),
    place(2, 13, 14, 600, colour("ink-2")),
    place(3, 16, 12, 500, colour("ground-label")),
    {
      dataLayer: "streets",
      minzoom: 14,
      filter: (zoom, feature) => zoom >= 16 || kindOf(feature.props.road_class) === "major" || (zoom >= 15 && kindOf(feature.props.road_class) === "middle"),
      symbolizer: new P.LineLabelSymbolizer({
        labelProps: ["name"], font: `400 11.5px ${family}`, fill: colour("ground-label"), stroke: halo, width: 3, offset: -4, repeatDistance: 420,
      }),
    },
    {
      dataLayer: "water",
      minzoom: 14,
      symbolizer: new P.CenteredTextSymbolizer({ labelProps: ["name"], font: `italic 400 12px ${family}`, fill: "#5b8795", stroke: halo, width: 2 }),
    },
  ];
}

const LABEL_ROOM = 10; // px

// Households of each grid, written at its middle; not of those whose codes are in `unnamed`.
function gridLabel(P, unnamed) {
  const text = new P.CenteredTextSymbolizer({
    labelProps: ["words"], font: `600 12px ${getComputedStyle(document.body).fontFamily}`, fill: colour("ink"), stroke: colour("ground-halo"), width: 2.5,
  });
  function place(layout, geom, feature) {
    if (unnamed.has(feature.props.grid_code)) return undefined;
    const labels = text.place(layout, geom, { ...feature, props: { words: number(feature.props.households) } });
    // Room around each figure: two that touch read as one number.
    for (const { bboxes } of labels || []) for (const box of bboxes) [box.minX, box.maxX] = [box.minX - LABEL_ROOM, box.maxX + LABEL_ROOM];
    return labels;
  }
  return { dataSource: "grids", dataLayer: "grid_labels", minzoom: 14, symbolizer: { place } };
}

export function ground(map, options) {
  const P = protomapsL;
  const source = { url: options.tiles, maxDataZoom: 16 };
  const paint = P.leafletLayer({ ...source, attribution: "", pane: "ground", paintRules: paintRules(P), labelRules: [], backgroundColor: colour("ground") });
  paint.addTo(map);
  let names = null;

  // All names are placed by one labeler, so that grids' and streets' names never overlap.
  function setGridLabels(url, unnamed = new Set()) {
    if (names) names.remove();
    const sources = url ? { base: source, grids: { url, maxDataZoom: 18 } } : { base: source };
    const rules = labelRules(P).map((rule) => ({ ...rule, dataSource: "base" }));
    names = P.leafletLayer({ sources, attribution: "", lang: "zh-CN", pane: "labels", paintRules: [], labelRules: url ? [gridLabel(P, unnamed), ...rules] : rules });
    names.addTo(map);
  }

  if (options.labels) setGridLabels(null);
  return { paint, setGridLabels };
}
