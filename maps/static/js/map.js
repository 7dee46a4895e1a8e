// Opening a Leaflet map in our manner: panes, controls, no prefix in the attribution.

import { byId, h, t } from "./core.js";

export function openMap(id, view) {
  const box = byId(id);
  box.setAttribute("aria-label", t("地图"));
  const map = L.map(box, {
    zoomControl: false,
    attributionControl: false,
    minZoom: view.minZoom,
    maxZoom: view.maxZoom,
    wheelPxPerZoomLevel: 90,
  });
  for (const [name, level, deaf] of [["ground", 180, true], ["heat", 300, true], ["data", 350, false], ["marks", 420, false], ["labels", 460, true]]) {
    const pane = map.createPane(name);
    pane.style.zIndex = level;
    if (deaf) pane.style.pointerEvents = "none";
  }
  // Leaflet reads the attribution as markup: hand it text that has been escaped by the browser itself.
  L.control.attribution({ prefix: false }).addAttribution(h("span", {}, view.attribution).innerHTML).addTo(map);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  L.control.zoom({ position: "bottomright", zoomInTitle: t("放大"), zoomOutTitle: t("缩小") }).addTo(map);
  openOn(map, view.bounds);
  keepForPaper(map);
  return map;
}

// Room for the map on a sheet of A4, in CSS px.
const PAPER = [680, 560];

// Paper shows what the screen shows: the map keeps its box, whose tiles are drawn already, and the style sheet scales it.
function keepForPaper(map) {
  const root = document.documentElement.style;
  const legend = byId("legend");
  let wasOpen = true;
  function measure() {
    const { x, y } = map.getSize();
    root.setProperty("--map-width", `${x}px`);
    root.setProperty("--map-height", `${y}px`);
    root.setProperty("--map-scale", Math.min(PAPER[0] / x, PAPER[1] / y).toFixed(4));
  }
  map.on("resize", measure);
  measure();
  window.addEventListener("beforeprint", () => {
    map.stop();
    map.invalidateSize({ animate: false });
    measure();
    if (!legend) return;
    wasOpen = legend.open;
    legend.open = true;
  });
  window.addEventListener("afterprint", () => {
    if (legend) legend.open = wasOpen;
  });
}

// The nearest whole zoom level, not the next smaller one: a town that is a little too wide beats one lost in its margins.
export function openOn(map, [west, south, east, north]) {
  const bounds = L.latLngBounds([south, west], [north, east]);
  map.options.zoomSnap = 0;
  const zoom = Math.round(map.getBoundsZoom(bounds) - 0.08);
  map.options.zoomSnap = 1;
  map.setView(bounds.getCenter(), Math.min(Math.max(zoom, map.getMinZoom()), map.getMaxZoom()), { animate: false });
}

const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

// Move to (west, south, east, north) in degrees.
export function fitBox(map, [west, south, east, north], options = {}) {
  const bounds = [[south, west], [north, east]];
  if (options.animate === false || calm()) map.fitBounds(bounds, { animate: false, padding: [16, 16], ...options });
  else map.flyToBounds(bounds, { duration: 0.6, padding: onPhone() ? [12, 12] : [40, 40], maxZoom: 17, ...options });
}

const onPhone = () => window.matchMedia("(max-width: 760px)").matches;

// On a phone the panel slides over the map: whatever is to be seen or done there begins with seeing it.
export function showMap() {
  if (onPhone()) window.scrollTo({ top: 0, behavior: calm() ? "auto" : "smooth" });
}

// Room for the floating card, which lies over the map's right side, or over its foot on a phone; on a narrow map what is
// looked at comes as near to the card as it must to be seen at all.
export function besideCard() {
  if (onPhone()) return { paddingBottomRight: [24, 180], paddingTopLeft: [24, 24] };
  const width = byId("map").clientWidth;
  const side = Math.min(60, width * 0.04);
  return { paddingBottomRight: [Math.min(400, Math.max(width * 0.4, width - 200)), 60], paddingTopLeft: [side, 60] };
}

// Move only if (west, south, east, north) would lie under the card.
export function keepInView(map, [west, south, east, north]) {
  const { x, y } = map.latLngToContainerPoint([south, east]);
  const [right, bottom] = besideCard().paddingBottomRight;
  const size = map.getSize();
  const over = [Math.max(0, x - (size.x - right)), Math.max(0, y - (size.y - bottom))];
  const corner = map.latLngToContainerPoint([north, west]);
  const shift = [Math.min(over[0], Math.max(0, corner.x - 24)), Math.min(over[1], Math.max(0, corner.y - 24))];
  if (shift[0] || shift[1]) map.panBy(shift, { animate: !calm() });
}

// A tooltip that follows the pointer; lines are text.
export function tip(map) {
  const box = L.tooltip({ className: "tip", sticky: true, direction: "top", offset: [0, -8], opacity: 1 });
  return {
    show(latlng, title, ...lines) {
      box.setContent(h("div", {}, h("b", {}, title), lines.filter(Boolean).map((line) => h("div", {}, h("span", {}, line)))));
      box.setLatLng(latlng);
      if (!map.hasLayer(box)) box.addTo(map);
    },
    hide() {
      box.remove();
    },
  };
}

// A click on a place of the map, whatever is drawn there: canvases of vector tiles keep their clicks from Leaflet's own
// event. A layer whose own click is an answer stops it (L.DomEvent.stopPropagation); what is dragged is no place.
export function onPlace(map, act) {
  map.getContainer().addEventListener("click", (event) => {
    if (event._stopped || event.target.closest(".leaflet-marker-draggable, .leaflet-control")) return;
    if (!map.dragging.moved()) act(map.mouseEventToLatLng(event));
  });
}

// An outline drawn above all data: what is chosen.
export function chosen(map) {
  const style = (weight, ink) => ({ color: ink, weight, fill: false, lineJoin: "round", interactive: false });
  const halo = L.geoJSON(null, { pane: "marks", style: style(7, "#fffefb"), interactive: false });
  const line = L.geoJSON(null, { pane: "marks", style: style(3, "#1b2426"), interactive: false });
  halo.addTo(map);
  line.addTo(map);
  return {
    show(feature) {
      for (const layer of [halo, line]) layer.clearLayers().addData(feature);
    },
    clear() {
      for (const layer of [halo, line]) layer.clearLayers();
    },
  };
}

// The floating card: a head, a body, a way to close it.
export function card(onclose) {
  const box = byId("detail");
  const close = () => {
    box.hidden = true;
    if (onclose) onclose();
  };
  byId("detail-close").addEventListener("click", close);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && !box.hidden && !document.querySelector("dialog[open]") && close());
  return {
    show(head, body) {
      byId("detail-head").replaceChildren(...head);
      byId("detail-body").replaceChildren(...body);
      box.hidden = false;
      box.scrollTop = 0;
    },
    close,
  };
}

export function foldLegendOnPhone() {
  const legend = byId("legend");
  if (legend && onPhone()) legend.open = false;
}

// What the colours of buildings mean; `far` is what is beyond the last limit.
export function walkLegend(limits, far) {
  const row = (tone, words) => h("div", { class: "legend__row" }, h("span", { class: `swatch swatch--${tone}` }), h("span", {}, words));
  const tones = ["walk-0", "walk-1", "walk-2"].slice(3 - Math.min(limits.length, 3));
  const rows = limits.map((limit, step) => row(tones[Math.min(step, tones.length - 1)], t("步行 {n} 分钟以内", { n: limit })));
  byId("walk-legend").replaceChildren(...rows, row("walk-3", far));
}

// What the shapes of stations mean.
export function shapeLegend(categories, mark) {
  byId("shape-legend").replaceChildren(...categories.map(({ key, label }) => h("div", { class: "legend__row" }, mark(key, 14), h("span", {}, label))));
}
