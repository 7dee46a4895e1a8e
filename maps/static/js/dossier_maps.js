// Two sides of one map: swiped across with a bar, or beside each other on maps that move together.

import { byId, colour, h, number, s, t } from "./core.js";
import { ground } from "./ground.js";
import { openMap, tip } from "./map.js";

const BASE = "/tiles/base/{z}/{x}/{y}.mvt";
const NAMED_FROM = 14; // zoom
const STEP = 24; // px a key press moves the bar

const fillOf = (state) => (state === "kept" ? null : colour(`change-${state}`));

// Lines across ground that moves: what lies below is still seen.
const hatching = (id) => s("defs", {}, s("pattern", { id, patternUnits: "userSpaceOnUse", width: 8, height: 8, patternTransform: "rotate(45)" }, s("line", { x1: 0, y1: 0, x2: 0, y2: 8, stroke: colour("change-moved"), "stroke-width": 2.5 })));

// Grids of one side and the ground that moves, in a pane of their own.
function sideLayer(map, name, level) {
  const [pane, namePane] = [[name, level], [`${name}-names`, level + 110]].map(([key, index]) => {
    const made = map.createPane(key);
    made.style.zIndex = index;
    return made;
  });
  namePane.style.pointerEvents = "none";
  const renderer = L.svg({ pane: name, padding: 0.5 }).addTo(map);
  const hatch = `hatch-${map.getContainer().id}-${name}`;
  pane.querySelector("svg").prepend(hatching(hatch));
  const pointer = tip(map);
  const group = L.layerGroup().addTo(map);
  const names = L.layerGroup();
  let moved = null;

  const look = (feature) => ({ color: colour("ink-2"), weight: feature.properties.state === "kept" ? 1 : 2, fillColor: fillOf(feature.properties.state), fillOpacity: feature.properties.state === "kept" ? 0 : 0.6 });
  const wayLook = (isChosen) => ({ color: colour("change-moved"), weight: isChosen ? 3.5 : 1.5, fillColor: `url(#${hatch})`, fillOpacity: isChosen ? 1 : 0.55 });

  function nameOf({ properties }) {
    const { short: title, households, lon, lat } = properties;
    const words = h("span", {}, title, h("small", {}, t("{n} 户", { n: number(households) })));
    return L.tooltip({ permanent: true, direction: "center", className: "grid-name", pane: `${name}-names`, interactive: false }).setLatLng([lat, lon]).setContent(words);
  }

  function showNames() {
    if (map.getZoom() >= NAMED_FROM) names.addTo(map);
    else names.remove();
  }
  map.on("zoomend", showNames);

  return {
    draw(grids, ways, told) {
      group.clearLayers();
      names.clearLayers();
      const drawn = L.geoJSON({ type: "FeatureCollection", features: grids }, { pane: name, renderer, style: look, interactive: false }).addTo(group);
      moved = L.geoJSON({ type: "FeatureCollection", features: ways }, {
        pane: name, renderer, style: () => wayLook(false),
        onEachFeature: (feature, layer) => layer.on({ mousemove: ({ latlng }) => pointer.show(latlng, ...told(feature.properties)), mouseout: () => pointer.hide() }),
      }).addTo(group);
      drawn.eachLayer(({ feature }) => feature.properties.state !== "kept" && nameOf(feature).addTo(names));
      showNames();
    },
    mark(from, to) {
      if (moved) moved.eachLayer((layer) => layer.setStyle(wayLook(layer.feature.properties.from_grid === from && layer.feature.properties.to_grid === to)));
    },
    boundsOf(from, to) {
      const box = L.latLngBounds([]);
      if (moved) moved.eachLayer((layer) => layer.feature.properties.from_grid === from && layer.feature.properties.to_grid === to && box.extend(layer.getBounds()));
      return box.isValid() ? box : null;
    },
    clip(box) {
      for (const one of [pane, namePane]) one.style.clipPath = box;
    },
  };
}

// The bar between the sides: dragged, or moved with the arrow keys.
function swipeBar(map, stage, moved) {
  let share = 0.5;
  const bar = h("div", { class: "swipe", role: "slider", tabindex: 0, "aria-label": t("左右滑动比对"), "aria-valuemin": 0, "aria-valuemax": 100 });
  function place(to) {
    share = Math.min(0.98, Math.max(0.02, to));
    bar.style.left = `${share * 100}%`;
    bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    moved(share);
  }
  const at = ({ clientX }) => {
    const { left, width } = stage.getBoundingClientRect();
    return (clientX - left) / width;
  };
  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    bar.focus({ preventScroll: true });
    event.preventDefault();
  });
  bar.addEventListener("pointermove", (event) => bar.hasPointerCapture(event.pointerId) && place(at(event)));
  bar.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way) return;
    event.preventDefault();
    place(share + (way * STEP) / stage.clientWidth);
  });
  stage.append(bar);
  return { place: () => place(share) };
}

export function twoSides(map, view) {
  const stage = byId("map").closest(".stage");
  const before = sideLayer(map, "before", 360);
  const after = sideLayer(map, "after", 361);
  const state = { way: "swipe", other: null, beside: null, drawn: null };
  stage.append(h("span", { class: "side-name side-name--before" }, t("调整前")), h("span", { class: "side-name side-name--after" }, t("调整后")));
  const bar = swipeBar(map, stage, clip);

  // Panes have no size: what is seen of each is a box between the map's corners.
  function clip(share) {
    if (state.way !== "swipe") return;
    const size = map.getSize();
    const [low, high] = [map.containerPointToLayerPoint([0, 0]), map.containerPointToLayerPoint([size.x, size.y])];
    const x = low.x + size.x * share;
    const box = (left, right) => `polygon(${left}px ${low.y}px, ${right}px ${low.y}px, ${right}px ${high.y}px, ${left}px ${high.y}px)`;
    before.clip(box(low.x, x));
    after.clip(box(x, high.x));
  }
  map.on("move zoomend viewreset resize", () => bar.place());

  // The second map is made when it is first asked for.
  function openBeside() {
    const box = h("div", { class: "map-canvas", id: "map-after", role: "region", tabindex: 0 });
    byId("map").after(box);
    stage.classList.add("is-beside");
    const bounds = map.getBounds();
    state.other = openMap("map-after", { ...view, attribution: "", bounds: [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()] });
    ground(state.other, { tiles: BASE, labels: true });
    state.beside = sideLayer(state.other, "after", 361);
    let isLed = false;
    const follow = (leader, led) => leader.on("move", () => {
      if (isLed) return;
      isLed = true;
      led.setView(leader.getCenter(), leader.getZoom(), { animate: false });
      isLed = false;
    });
    follow(map, state.other);
    follow(state.other, map);
  }

  function show(way) {
    state.way = way;
    for (const button of ways.children) button.setAttribute("aria-pressed", String(button.dataset.way === way));
    const isBeside = way === "beside";
    if (isBeside && !state.other) openBeside();
    stage.classList.toggle("is-beside", isBeside);
    const center = map.getCenter();
    map.invalidateSize({ animate: false });
    map.setView(center, map.getZoom(), { animate: false });
    if (state.other) state.other.invalidateSize({ animate: false });
    if (isBeside) {
      before.clip("");
      after.clip("polygon(0 0, 0 0, 0 0)");
      state.other.setView(center, map.getZoom(), { animate: false });
      if (state.drawn) state.beside.draw(state.drawn.after, state.drawn.moved, state.drawn.told);
    } else bar.place();
  }

  const ways = h("div", { class: "view-ways", role: "group", "aria-label": t("比对方式") },
    [["swipe", t("左右滑动")], ["beside", t("并排")]].map(([way, words]) => h("button", { type: "button", "data-way": way, "aria-pressed": String(way === "swipe"), onclick: () => show(way) }, words)));
  stage.append(ways);

  return {
    // features: of `part` before, after and moved; told(properties): lines about ground that moves.
    draw(features, told) {
      const of = (part) => features.filter(({ properties }) => properties.part === part);
      state.drawn = { after: of("after"), moved: of("moved"), told };
      before.draw(of("before"), state.drawn.moved, told);
      after.draw(state.drawn.after, state.drawn.moved, told);
      if (state.beside) state.beside.draw(state.drawn.after, state.drawn.moved, told);
      bar.place();
      const box = L.latLngBounds([]);
      for (const { geometry } of features) if (geometry) box.extend(L.geoJSON(geometry).getBounds());
      if (box.isValid()) map.fitBounds(box, { animate: false, padding: [40, 40] });
    },
    choose(from, to) {
      for (const side of [before, after, state.beside]) if (side) side.mark(from, to);
      const box = before.boundsOf(from, to);
      if (box) map.fitBounds(box, { animate: false, padding: [80, 80], maxZoom: 17 });
    },
  };
}
