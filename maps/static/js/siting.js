// The siting page: sites ranked by what they bring, and changes of the ground tried on the map.

import { byId, colour, data, empty, fill, get, h, number, percent, send, setText, t } from "./core.js";
import { changeTools } from "./change_tools.js";
import { fitBox, foldLegendOnPhone } from "./map.js";
import { shape } from "./shapes.js";

const ORDER = new Map(data.categories.map((category, index) => [category.key, index]));
const OF = new Map(data.categories.map((category) => [category.key, category]));

const mark = (key, size) => shape(ORDER.get(key) || 0, (OF.get(key) || {}).colour || "#475356", size, false);

export function start(map, { walks, grids }) {
  const stations = L.layerGroup().addTo(map);
  const sites = L.layerGroup().addTo(map);
  const form = byId("ask");
  grids.layer.options.interactive = false;
  foldLegendOnPhone();
  const pane = map.createPane("sites");
  pane.style.zIndex = 340;
  pane.style.pointerEvents = "none";

  const asked = () => ({ category: form.elements.category.value || null, walker: form.elements.walker.value, minutes: Number(form.elements.minutes.value) });

  function drawStations({ features }) {
    stations.clearLayers();
    for (const { geometry: { coordinates: [lon, lat] }, properties: { name, category } } of features) {
      if (asked().category && category !== asked().category) continue;
      const icon = L.divIcon({ className: "pin", html: mark(category, 13), iconSize: [13, 13] });
      L.marker([lat, lon], { icon, title: name, alt: name }).addTo(stations);
    }
  }

  function drawSites({ features }) {
    sites.clearLayers();
    for (const feature of features) {
      const { rank, place: [lon, lat], households } = feature.properties;
      L.geoJSON(feature, { pane: "sites", style: { color: colour("seal"), weight: 2, fillColor: colour("seal"), fillOpacity: 0.14 }, interactive: false }).addTo(sites);
      const icon = L.divIcon({ className: "pin site", html: h("span", { class: "site__rank" }, rank), iconSize: [28, 28] });
      L.marker([lat, lon], { icon, title: t("第 {rank} 处：多覆盖 {n} 户", { rank, n: number(households) }), zIndexOffset: 1500, bubblingMouseEvents: false }).addTo(sites);
    }
    if (!features.length) return;
    const box = L.featureGroup(sites.getLayers().filter((layer) => layer.getBounds)).getBounds();
    fitBox(map, [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()], { maxZoom: 16 });
  }

  function siteRow({ properties: site }) {
    const [lon, lat] = site.place;
    return h("button", { class: "row row--rank", type: "button", onclick: () => fitBox(map, [lon - 0.004, lat - 0.003, lon + 0.004, lat + 0.003]) },
      h("span", { class: "row__rank" }, site.rank),
      h("span", {}, h("span", { class: "name" }, site.address || `${lon.toFixed(5)}, ${lat.toFixed(5)}`), h("span", { class: "code" }, t("设后合计覆盖 {p}", { p: percent(site.share) })), h("span", { class: "meter" }, h("span", { "width%": site.share * 100 }))),
      h("span", { class: "row__value" }, h("b", {}, `+${number(site.households)}`), h("span", { class: "code" }, t("户"))));
  }

  function drawFound(made) {
    byId("found").hidden = false;
    const { before, after, households, beyond, gap_share: gap, features, minutes } = made;
    setText("site-share", households ? percent(after / households) : "–");
    byId("site-words").replaceChildren(
      h("strong", {}, features.length ? t("增设 {k} 处，{m} 分钟内多覆盖 {n} 户", { k: features.length, m: minutes, n: number(after - before) }) : t("没有候选点能再多覆盖一户")), h("br"),
      t("由 {a} 提高到 {b}", { a: households ? percent(before / households) : "–", b: households ? percent(after / households) : "–" }),
    );
    const parts = [["var(--walk-0)", before, t("现有站点")], ["var(--seal)", after - before, t("新增")], ["var(--walk-3)", households - after, t("仍在圈外")]];
    byId("site-stack").replaceChildren(
      h("div", { class: "stack", role: "img", "aria-label": parts.map(([, n, words]) => `${words} ${number(n)}`).join(", ") }, parts.map(([swatch, n]) => h("span", { swatch, "width%": (n / Math.max(households, 1)) * 100 }))),
      h("div", { class: "key" }, parts.map(([swatch, n, words]) => h("span", {}, h("span", { class: "dot", swatch }), `${words} ${number(n)}`))),
    );
    setText("site-note", [
      gap > 0 ? t("限时内所得，最优解至多再好 {p}", { p: percent(gap) }) : t("已证明为最优"),
      t("候选点 {n} 个，现有站点 {k} 处", { n: number(made.candidates), k: number(made.stations) }),
      beyond > 0 ? t("{n} 户任何候选点都走不到", { n: number(beyond) }) : "",
    ].filter(Boolean).join(" · "));
    byId("sites").replaceChildren(...(features.length ? features.map(siteRow) : [empty(t("没有可增设的站点。"))]));
    drawSites(made);
  }

  // The tiles know the nearest station of any kind: beside one kind alone they only tell where people live.
  function fadeWalks() {
    walks.layer.setOpacity(byId("show-walks").checked ? (asked().category ? 0.3 : 1) : 0);
  }

  let known = { features: [] };
  const tools = changeTools(map, { asked });

  async function ask(event) {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    drawStations(known);
    fadeWalks();
    tools.again();
    const count = form.elements.count.value === "" ? null : Number(form.elements.count.value);
    byId("found").hidden = false;
    await fill(byId("sites"), () => send("POST", "reach/siting", { ...asked(), count }), drawFound);
    button.disabled = false;
  }

  form.addEventListener("submit", ask);
  byId("print").addEventListener("click", () => window.print());
  byId("show-walks").addEventListener("change", fadeWalks);
  byId("show-stations").addEventListener("change", (event) => (event.target.checked ? stations.addTo(map) : stations.remove()));
  get("reach/stations").then((made) => {
    known = made;
    drawStations(made);
  }).catch((error) => byId("sites").replaceChildren(empty(error.message)));
}
