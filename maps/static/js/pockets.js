// Homes that no station reaches in time, ranked beside the map and drawn on it.

import { byId, colour, data, empty, fill, get, h, number, setText, t } from "./core.js";
import { patiently } from "./jobs.js";
import { besideCard, fitBox, showMap, tip } from "./map.js";

const SHOWN = 15;
const LONGEST = Math.max(...data.minutes);

export function pocketList(map, { asked }) {
  const ground = L.layerGroup();
  const pointer = tip(map);
  const nearest = (pocket) => (pocket.nearest_min === null ? t("最近站点超过 {n} 分钟", { n: LONGEST }) : t("最近站点 {n} 分钟", { n: Math.ceil(pocket.nearest_min) }));

  function draw(features) {
    ground.clearLayers();
    const style = { color: colour("seal"), weight: 2, dashArray: "5 4", fillColor: colour("seal"), fillOpacity: 0.06 };
    L.geoJSON(features, {
      pane: "data",
      style,
      onEachFeature: ({ properties: pocket }, layer) => {
        layer.on("mousemove", (event) => pointer.show(event.latlng, pocket.name, t("{n} 户在圈外", { n: number(pocket.households) }), nearest(pocket)));
        layer.on("mouseout", () => pointer.hide());
      },
    }).addTo(ground);
  }

  function go(bounds) {
    showMap();
    fitBox(map, bounds, byId("detail").hidden ? {} : besideCard());
  }

  function list(features) {
    const top = Math.max(...features.map(({ properties }) => properties.households), 1);
    return features.slice(0, SHOWN).map((feature, index) => {
      const pocket = feature.properties;
      const box = L.geoJSON(feature).getBounds();
      const bounds = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
      return h("button", { class: "row row--rank", type: "button", onclick: () => go(bounds) },
        h("span", { class: "row__rank" }, index + 1),
        h("span", {}, h("span", { class: "name" }, pocket.name), h("span", { class: "code" }, `${pocket.community || ""} · ${nearest(pocket)}`), h("span", { class: "meter" }, h("span", { "width%": (pocket.households / top) * 100 }))),
        h("span", { class: "row__value" }, h("b", {}, number(pocket.households)), h("span", { class: "code" }, t("{n} 栋", { n: number(pocket.buildings) }))));
    });
  }

  function show(made) {
    draw(made.features);
    const limit = made.minutes;
    setText("pocket-note", made.pockets ? t("{m} 分钟圈外 {n} 户，分 {k} 片", { m: limit, n: number(made.households), k: number(made.pockets) }) : "");
    byId("pockets").replaceChildren(...(made.features.length ? list(made.features) : [empty(t("{m} 分钟内人人都能走到。", { m: limit }))]));
  }

  // Until the new list is there the old one is to be seen, not to be used; an answer to an older question is dropped.
  let under = new AbortController();
  function load() {
    under.abort();
    under = new AbortController();
    const { signal } = under;
    const box = byId("pockets");
    const { category } = asked();
    const minutes = Number(byId("pocket-minutes").value) || LONGEST;
    async function ask() {
      box.inert = true;
      try {
        return await patiently(get("reach/pockets", { minutes, category }, { signal }));
      } finally {
        if (!signal.aborted) box.inert = false;
      }
    }
    return fill(box, ask, show);
  }

  return { ground, load };
}
