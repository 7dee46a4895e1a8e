// The siting page: sites ranked by what they bring, and changes of the ground tried on the map.

import { byId, colour, data, empty, fill, get, h, number, percent, send, setText, t } from "./core.js";
import { askedWords, changeTools, oldStraightNote, straightNote } from "./change_tools.js";
import { patiently } from "./jobs.js";
import { fitBox, foldLegendOnPhone, shapeLegend, showMap, walkLegend } from "./map.js";
import { shape } from "./shapes.js";
import { beyond } from "./walk_tiles.js";

const ORDER = new Map(data.categories.map((category, index) => [category.key, index]));
const OF = new Map(data.categories.map((category) => [category.key, category]));

const mark = (key, size, selected = false) => shape(ORDER.get(key) || 0, (OF.get(key) || {}).colour || "#475356", size, selected);

export function start(map, { walks, grids }) {
  const stations = L.layerGroup().addTo(map);
  const sites = L.layerGroup().addTo(map);
  const form = byId("ask");
  grids.layer.options.interactive = false;
  foldLegendOnPhone();
  walkLegend(walks.limits, beyond(data.minutes));
  shapeLegend(data.categories, mark);
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

  function go([lon, lat]) {
    showMap();
    fitBox(map, [lon - 0.004, lat - 0.003, lon + 0.004, lat + 0.003]);
  }

  // A site is tried as what it was found as: of the kind, within the circle and for the walker that were asked about.
  function trySite(place, question) {
    for (const key of ["category", "minutes", "walker"]) form.elements[key].value = question[key] ?? "";
    change();
    tools.addStation(place, question.category);
    go(place);
  }

  function siteRow({ properties: site }, question) {
    const [lon, lat] = site.place;
    return h("div", { class: "row row--rank row--site" },
      h("span", { class: "row__rank" }, site.rank),
      h("button", { class: "row__go", type: "button", onclick: () => go(site.place) }, h("span", { class: "name" }, site.address || `${lon.toFixed(5)}, ${lat.toFixed(5)}`), h("span", { class: "code" }, t("设后合计覆盖 {p}", { p: percent(site.share) })), site.is_straight_line && straightNote(), h("span", { class: "meter" }, h("span", { "width%": site.share * 100 }))),
      h("span", { class: "row__value" }, h("b", {}, `+${number(site.households)}`), h("span", { class: "code" }, t("户"))),
      h("button", { class: "button button--small", type: "button", onclick: () => trySite(site.place, question) }, t("试试")));
  }

  function drawFound(made, question) {
    const { before, after, households, beyond: never, gap_share: gap, features, minutes } = made;
    byId("found-told").hidden = false;
    setText("site-share", households ? percent(after / households) : "–");
    setText("site-asked", [askedWords(question), data.labels[String(minutes)] || t("{n} 分钟内", { n: minutes })].join(" · "));
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
      never > 0 ? t("{n} 户任何候选点都走不到", { n: number(never) }) : "",
    ].filter(Boolean).join(" · "));
    if (made.is_straight_line) byId("site-note").append(oldStraightNote());
    byId("sites").replaceChildren(...(features.length ? features.map((site) => siteRow(site, question)) : [empty(t("没有可增设的站点。"))]));
    drawSites(made);
  }

  // The tiles know the nearest station of any kind: beside one kind alone they only tell where people live.
  function fadeWalks() {
    walks.layer.setOpacity(byId("show-walks").checked ? (asked().category ? 0.3 : 1) : 0);
  }

  let known = { features: [] };
  async function loadStations() {
    try {
      known = await get("reach/stations");
    } catch (error) {
      setText("accept-note", error.message);
    }
    drawStations(known);
  }

  const tools = changeTools(map, { asked, mark, saved: loadStations, measured: () => walks.layer.redraw() });

  function change() {
    drawStations(known);
    fadeWalks();
    tools.again();
  }

  // What an older question brought goes with a newer one that brings nothing.
  function clearFound(error) {
    byId("found-told").hidden = true;
    sites.clearLayers();
    throw error;
  }

  async function ask(event) {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    const question = asked();
    const count = form.elements.count.value === "" ? null : Number(form.elements.count.value);
    button.disabled = true;
    byId("found").hidden = false;
    byId("found").inert = true;
    await fill(byId("sites"), () => patiently(send("POST", "reach/siting", { ...question, count })).catch(clearFound), (made) => drawFound(made, question));
    byId("found").inert = false;
    button.disabled = false;
  }

  form.addEventListener("submit", ask);
  form.addEventListener("change", change);
  byId("print").addEventListener("click", () => window.print());
  byId("show-walks").addEventListener("change", fadeWalks);
  byId("show-stations").addEventListener("change", (event) => (event.target.checked ? stations.addTo(map) : stations.remove()));
  loadStations();
}
