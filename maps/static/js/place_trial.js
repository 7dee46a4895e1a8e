// A pin that can be dragged: the circles of a station that stood there follow it.

import { colour, fact, get, h, number, Problem, t } from "./core.js";
import { patiently } from "./jobs.js";

// One question at a time: while one is under way only the newest that waits is kept.
function latest(ask) {
  let busy = false;
  let waiting = null;
  return async function next(value) {
    if (busy) {
      waiting = value;
      return;
    }
    busy = true;
    try {
      await ask(value);
    } finally {
      busy = false;
      if (waiting !== null) {
        const held = waiting;
        waiting = null;
        next(held);
      }
    }
  };
}

// What an arrow key moves a pin by, and with Shift.
const STEP_M = 5;
const STRIDE_M = 20;
const ARROWS = { ArrowUp: [0, 1], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowLeft: [-1, 0] };
const M_PER_DEGREE = 111320;

const PROBLEMS = {
  too_far: () => t("附近没有可步行的道路，按直线估算"),
  barrier: () => t("附近的道路都被水体、铁路或围墙隔开，按直线估算"),
  no_network: () => t("没有可步行的道路，按直线估算"),
};

export function placeTrial(map, { asked, detail, minutes }) {
  const ground = L.layerGroup().addTo(map);
  const state = { marker: null, title: "", key: 0 };

  // A pane for each threshold, so that the shorter lies above the longer.
  minutes.forEach((limit, index) => {
    const pane = map.createPane(`trial-${limit}`);
    pane.style.zIndex = 345 - index;
    pane.style.pointerEvents = "none";
  });

  function draw(made) {
    ground.clearLayers();
    const { shown, straight } = asked();
    for (const feature of [...made.features].reverse()) {
      const { minutes: limit, radius_m: radius } = feature.properties;
      if (!shown.has(limit)) continue;
      const pane = `trial-${limit}`;
      const style = { color: colour("seal"), weight: 2, dashArray: limit === minutes[0] ? null : "6 4", fillColor: colour("seal"), fillOpacity: 0.13 };
      L.geoJSON(feature, { pane, style, interactive: false }).addTo(ground);
      if (!straight) continue;
      const [lon, lat] = [made.place.lon, made.place.lat];
      L.circle([lat, lon], { pane, radius, color: colour("ink"), weight: 1.2, dashArray: "2 5", fill: false, interactive: false }).addTo(ground);
    }
    if (!made.place.snapped) return;
    const [lon, lat] = made.place.snapped;
    L.polyline([[made.place.lat, made.place.lon], [lat, lon]], { pane: `trial-${minutes[0]}`, color: colour("ink"), weight: 2, interactive: false }).addTo(ground);
  }

  function tell(made) {
    const rows = made.features.map(({ properties: circle }) => [
      fact(t("{n} 分钟内户数", { n: circle.minutes }), number(circle.households)),
      fact(t("其中新覆盖"), number(circle.new_households)),
    ]);
    const last = made.features[made.features.length - 1].properties;
    const over = last.straight_households - last.households;
    const notes = [
      t("步行速度 {n} 米/秒", { n: made.walker.speed_m_per_s }) + (made.walker.uses_steps ? "" : t("，不走台阶")),
      made.place.problem ? PROBLEMS[made.place.problem]() : t("距最近街道 {n} 米", { n: number(made.place.snap_m) }),
      over > 0 ? t("{m} 分钟的直线圆会多算 {n} 户", { m: last.minutes, n: number(over) }) : null,
    ];
    detail.show(
      [h("h2", {}, state.title), h("span", { class: "code" }, `${made.place.lon.toFixed(5)}, ${made.place.lat.toFixed(5)}`)],
      [h("dl", { class: "facts" }, rows), ...notes.filter(Boolean).map((words) => h("p", { class: "section__note" }, words))],
    );
  }

  const move = latest(async (latlng) => {
    const { key } = state;
    const { walker, category, at } = asked();
    try {
      const made = await patiently(get("reach/at", { lon: latlng.lng.toFixed(7), lat: latlng.lat.toFixed(7), walker, category, at }));
      if (key !== state.key) return;
      draw(made);
      tell(made);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (key !== state.key) return;
      ground.clearLayers();
      const more = h("button", { class: "button button--small", type: "button", onclick: again }, t("再试一次"));
      detail.show([h("h2", {}, state.title)], [h("div", { class: "state state--failed", role: "alert" }, error.message, h("br"), more)]);
    }
  });

  const again = () => state.marker && move(state.marker.getLatLng());

  function nudge(event) {
    const way = ARROWS[event.key];
    if (!way) return;
    L.DomEvent.stop(event);
    const { lat, lng } = state.marker.getLatLng();
    const step = (event.shiftKey ? STRIDE_M : STEP_M) / M_PER_DEGREE;
    state.marker.setLatLng([lat + way[1] * step, lng + (way[0] * step) / Math.cos((lat * Math.PI) / 180)]);
    map.panInside(state.marker.getLatLng(), { padding: [40, 40] });
    again();
  }

  function put(latlng, title, icon) {
    clear();
    state.title = title;
    state.marker = L.marker(latlng, { icon, draggable: true, autoPan: true, keyboard: true, zIndexOffset: 2000, title: t("拖动或用方向键移动站点"), alt: title }).addTo(map);
    state.marker.on("drag", (event) => move(event.target.getLatLng()));
    state.marker.on("dragend", (event) => move(event.target.getLatLng()));
    state.marker.getElement().addEventListener("keydown", nudge);
    state.marker.getElement().focus({ preventScroll: true });
    move(L.latLng(latlng));
  }

  function clear() {
    state.key += 1;
    if (state.marker) state.marker.remove();
    state.marker = null;
    ground.clearLayers();
  }

  return {
    put,
    clear,
    again,
    get isThere() {
      return state.marker !== null;
    },
  };
}
