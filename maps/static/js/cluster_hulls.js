// Ground where incidents of a kind gather: an outline and how many.

import { fact, h, number, t } from "./core.js";
import { labelOf } from "./case_words.js";

const INK = "#1b2426";
const SHOWN_MAX = 300; // the largest: more would hide the map and each other

export function clusterFacts(cluster) {
  return {
    head: [h("h2", {}, t("聚集区：{n} 件", { n: number(cluster.incidents) })), h("span", { class: "code" }, labelOf("categories", cluster.top_category))],
    body: [
      h("dl", { class: "facts" }, fact(t("最多的类别"), labelOf("categories", cluster.top_category)), fact(t("地点数"), number(cluster.places)), fact(t("最早"), cluster.first_on || "–"), fact(t("最近"), cluster.last_on || "–")),
      cluster.is_one_place ? h("p", { class: "certificate" }, h("b", {}, t("同一地点反复上报")), t("这些事件几乎都在同一处，请先看是否重复。")) : null,
    ].filter(Boolean),
  };
}

export function clusterHulls(map, { onCluster }) {
  let shown = null;

  function bubble(feature, layer) {
    const count = feature.properties.incidents;
    const middle = layer.getBounds ? layer.getBounds().getCenter() : layer.getLatLng();
    const size = Math.min(44, 22 + Math.sqrt(count) * 1.3);
    const icon = L.divIcon({ className: "count", html: h("span", {}, number(count)), iconSize: [size, size] });
    const marker = L.marker(middle, { icon, title: t("聚集区：{n} 件", { n: number(count) }) });
    return marker.on("click", () => onCluster(feature)).on("keydown", ({ originalEvent: { key } }) => key === "Enter" && onCluster(feature));
  }

  return {
    // The largest come first in what the service answers. Returns how many are drawn.
    draw(collection) {
      const next = L.layerGroup();
      L.geoJSON(collection.features.slice(0, SHOWN_MAX), {
        pane: "marks",
        style: ({ properties }) => ({ color: INK, weight: 1.6, opacity: 0.85, fillColor: INK, fillOpacity: 0.08, dashArray: properties.is_one_place ? "2 4" : null }),
        pointToLayer: (feature, latlng) => L.circleMarker(latlng, { pane: "marks", radius: 8 }),
        onEachFeature(feature, layer) {
          layer.on("click", () => onCluster(feature));
          bubble(feature, layer).addTo(next);
        },
      }).addTo(next);
      next.addTo(map);
      if (shown) shown.remove();
      shown = next;
      return Math.min(collection.features.length, SHOWN_MAX);
    },
    hide() {
      if (shown) shown.remove();
      shown = null;
    },
  };
}
