// The reach page: stations, their circles on foot, the households inside and those left out.

import { byId, colour, data, empty, fact, fill, get, h, number, percent, setText, t } from "./core.js";
import { card, foldLegendOnPhone, onPlace, shapeLegend, walkLegend } from "./map.js";
import { placeTrial } from "./place_trial.js";
import { coverTable } from "./cover_table.js";
import { pocketList } from "./pockets.js";
import { shape } from "./shapes.js";
import { beyond } from "./walk_tiles.js";

const ORDER = new Map(data.categories.map((category, index) => [category.key, index]));
const OF = new Map(data.categories.map((category) => [category.key, category]));
const minutesWord = (minutes) => t("{n} 分钟", { n: minutes });

const mark = (key, size, selected) => shape(ORDER.get(key) || 0, (OF.get(key) || {}).colour || "#475356", size, selected);

export function start(map, { walks, grids }) {
  const page = { category: "", stations: [], circles: new Map(), shown: new Set(data.minutes), chosen: null, summary: null, straight: false, walker: data.walkers[0].key, at: "" };
  const marks = L.layerGroup().addTo(map);
  const circles = L.layerGroup().addTo(map);
  const detail = card(() => {
    trial.clear();
    page.chosen = null;
    drawStations();
    drawCircles();
  });
  const asked = () => ({ shown: page.shown, straight: page.straight, walker: page.walker, category: page.category, at: page.at });
  const trial = placeTrial(map, { asked, detail, minutes: data.minutes });
  const pockets = pocketList(map, { asked });
  const covers = coverTable(map, { asked });
  grids.layer.options.interactive = false;
  foldLegendOnPhone();
  walkLegend(walks.limits, beyond(data.minutes));
  shapeLegend(data.categories, mark);

  // A pane for each threshold, longest first: solid shapes under one opacity read as their union.
  data.minutes.forEach((minutes, index) => {
    const pane = map.createPane(`circle-${minutes}`);
    pane.style.zIndex = 330 - index;
    pane.style.pointerEvents = "none";
    pane.style.opacity = index === 0 && data.minutes.length > 1 ? 0.2 : 0.11;
  });

  function drawCircle(collection, minutes) {
    const tone = colour("walk-1");
    const shape = { pane: `circle-${minutes}`, style: { color: tone, weight: 1, fillColor: tone, fillOpacity: 1 }, interactive: false };
    L.geoJSON(collection, shape).addTo(circles);
    if (!page.chosen) return;
    const near = minutes === data.minutes[0] && data.minutes.length > 1;
    L.geoJSON(collection, { pane: "marks", style: { color: colour("ink"), weight: 1.8, dashArray: near ? null : "6 4", fill: false }, interactive: false }).addTo(circles);
  }

  async function drawCircles() {
    const asked = { category: page.category, station_id: page.chosen };
    const wanted = [...page.shown].sort((a, b) => b - a);
    const found = await Promise.all(wanted.map((minutes) => get("reach/circles", { minutes, ...asked }).catch(() => null)));
    if (asked.category !== page.category || asked.station_id !== page.chosen) return;
    circles.clearLayers();
    found.forEach((collection, index) => collection && drawCircle(collection, wanted[index]));
  }

  function drawStations() {
    marks.clearLayers();
    for (const station of page.stations) {
      const { station_id: id, name, category } = station.properties;
      if (page.category && category !== page.category) continue;
      const [lon, lat] = station.geometry.coordinates;
      const selected = id === page.chosen;
      const size = selected ? 26 : map.getZoom() > 14 ? 18 : map.getZoom() > 13 ? 13 : 9;
      const icon = L.divIcon({ className: "pin", html: mark(category, size, selected), iconSize: [size, size] });
      const marker = L.marker([lat, lon], { icon, title: name, alt: name, zIndexOffset: selected ? 1000 : 0, bubblingMouseEvents: false });
      marker.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        choose(station);
      }).addTo(marks);
    }
  }

  function choose(station) {
    const { station_id: id, name, category, snap_m: snap } = station.properties;
    trial.clear();
    page.chosen = id;
    drawStations();
    drawCircles();
    const households = data.minutes.map((minutes) => station.properties[`households_${minutes}`]);
    const counts = data.minutes.map((minutes, index) => fact(t("{n} 分钟内户数", { n: minutes }), number(households[index])));
    const isFar = snap === null || snap === undefined;
    const isMeasured = households.some((n) => n !== null && n !== undefined);
    const joined = isFar ? isMeasured && t("附近无道路，按直线估算") : t("距最近街道 {n} 米", { n: number(snap) });
    detail.show(
      [h("h2", {}, name), h("span", { class: "code" }, (OF.get(category) || {}).label || category)],
      [h("dl", { class: "facts" }, counts), joined && h("p", { class: isFar ? "section__note alarm" : "section__note" }, joined),
        h("button", { class: "button button--small", type: "button", onclick: () => tryFrom(station) }, t("拖动试试别处"))].filter(Boolean),
    );
  }

  // What if it stood elsewhere? A pin takes the station's place, and its circles follow.
  function tryFrom({ properties: { name, category }, geometry: { coordinates: [lon, lat] } }) {
    page.chosen = null;
    drawStations();
    circles.clearLayers();
    const icon = L.divIcon({ className: "pin", html: mark(category, 30, true), iconSize: [30, 30] });
    trial.put([lat, lon], t("试算：{name}", { name }), icon);
  }

  function tryAt(latlng) {
    page.chosen = null;
    drawStations();
    circles.clearLayers();
    const icon = L.divIcon({ className: "pin", html: shape(0, colour("seal"), 26, true), iconSize: [26, 26] });
    trial.put(latlng, t("若站点设在此处"), icon);
  }

  function drawToggles() {
    byId("circle-toggles").replaceChildren(...data.minutes.map((minutes) =>
      h("label", { class: "check" },
        h("input", { type: "checkbox", checked: page.shown.has(minutes), onchange: (event) => {
          if (event.target.checked) page.shown.add(minutes);
          else page.shown.delete(minutes);
          refresh();
        } }),
        h("span", {}, data.labels[String(minutes)] || minutesWord(minutes)))));
    const choice = (words, checked, onchange) => h("label", { class: "check" }, h("input", { type: "checkbox", checked, onchange }), h("span", {}, words));
    byId("more-toggles").replaceChildren(
      choice(t("试算时对照直线圆"), page.straight, (event) => { page.straight = event.target.checked; trial.again(); }),
      choice(t("薄弱点"), false, (event) => covers.showSpots(event.target.checked)),
      choice(t("圈外片区"), false, (event) => { if (event.target.checked) pockets.ground.addTo(map); else pockets.ground.remove(); }),
    );
  }

  // A pin stays where it was put, and is asked again.
  function again() {
    drawStations();
    trial.again();
  }

  function refresh() {
    if (trial.isThere) trial.again();
    else drawCircles();
  }

  // Who walks and when, for the sheet of paper, which has no form.
  function tellWays() {
    const walker = data.walkers.find(({ key }) => key === page.walker);
    const at = page.at ? page.at.replace("T", " ") : t("不限");
    setText("print-ways", t("试算：{walker}，步行速度 {n} 米/秒；时刻：{at}", { walker: walker.label, n: walker.speed_m_per_s, at }));
  }

  function changeWays(changed) {
    Object.assign(page, changed);
    tellWays();
    trial.again();
  }

  function drawWays() {
    byId("walker").addEventListener("change", (event) => changeWays({ walker: event.target.value }));
    byId("hour").addEventListener("change", (event) => changeWays({ at: event.target.value }));
    tellWays();
    byId("pocket-minutes").addEventListener("change", () => pockets.load());
    byId("print").addEventListener("click", () => window.print());
    onPlace(map, tryAt);
  }

  function drawChips() {
    byId("categories").replaceChildren(...data.categories.map((category) =>
      h("button", { class: "chip", type: "button", "aria-pressed": String(page.category === category.key), onclick: () => {
        page.category = page.category === category.key ? "" : category.key;
        page.chosen = null;
        if (trial.isThere) again();
        else detail.close();
        drawChips();
        drawHeadline();
        fadeWalks();
        pockets.load();
        covers.load();
      } }, mark(category.key, 14), category.label)));
  }

  // People and buildings are counted for all kinds of stations together only.
  function leftOut(only, households) {
    if (only) return t("{n} 户在圈外", { n: number(households) });
    const { people, buildings } = page.summary.left_out;
    return t("{n} 户在圈外，约 {people} 人、{buildings} 栋楼", { n: number(households), people: number(people), buildings: number(buildings) });
  }

  function drawHeadline() {
    const { summary } = page;
    if (!summary) return;
    const only = page.category ? OF.get(page.category) : null;
    const within = only ? (summary.categories.find((category) => category.key === only.key) || { within: [] }).within : summary.within;
    const last = within[within.length - 1] || { minutes: Math.max(...data.minutes), households: 0 };
    const outside = only ? summary.households - last.households : summary.left_out.households;
    byId("headline").hidden = false;
    setText("reach-share", summary.households ? percent(last.households / summary.households) : "–");
    byId("reach-words").replaceChildren(
      h("strong", {}, t("{n} 分钟内能走到服务的户", { n: last.minutes })), h("br"),
      only ? t("仅 {category}", { category: only.label }) : t("任一类站点"), h("br"), leftOut(only, outside),
    );
    let before = { minutes: 0, households: 0 };
    const parts = within.map((step, index) => {
      const part = [index === 0 ? "var(--walk-0)" : "var(--walk-2)", step.households - before.households, index === 0 ? t("{n} 分钟内", { n: step.minutes }) : t("{from}–{to} 分钟", { from: before.minutes, to: step.minutes })];
      before = step;
      return part;
    });
    parts.push(["var(--walk-3)", outside, beyond(data.minutes)]);
    byId("reach-stack").replaceChildren(
      h("div", { class: "stack", role: "img", "aria-label": parts.map(([, n, words]) => `${words} ${number(n)}`).join(", ") }, parts.map(([swatch, n]) => h("span", { swatch, "width%": (n / Math.max(summary.households, 1)) * 100 }))),
      h("div", { class: "key" }, parts.map(([swatch, n, words]) => h("span", {}, h("span", { class: "dot", swatch }), `${words} ${number(n)}`))),
    );
  }

  function drawTables(summary) {
    byId("category-table").tBodies[0].replaceChildren(...summary.categories.map((category) => {
      const within = new Map(category.within.map((step) => [step.minutes, step.households]));
      return h("tr", {}, h("td", {}, h("span", { class: "keyed" }, mark(category.key, 14), (OF.get(category.key) || category).label)), h("td", { class: "number" }, number(category.stations)), data.minutes.map((minutes) => h("td", { class: "number" }, number(within.get(minutes)))));
    }));
  }

  // Buildings are in the tiles from zoom 14 on: say so instead of showing an empty map.
  function hint() {
    const isFar = map.getZoom() < 14;
    byId("hint").hidden = !isFar && !page.category;
    setText("hint", isFar ? t("放大后显示楼栋") : t("楼栋颜色按任一类站点，已淡化"));
  }

  // The tiles know the nearest station of any kind: for one kind alone they are no answer.
  function fadeWalks() {
    walks.layer.setOpacity(page.category ? 0.25 : 1);
    hint();
  }

  map.on("zoomend", hint);
  map.on("zoomend", drawStations);
  hint();
  drawToggles();
  drawWays();
  drawChips();
  pockets.load();
  covers.load();
  fill(byId("reach-stack"), () => get("reach/summary"), (summary) => {
    page.summary = summary;
    drawHeadline();
    drawTables(summary);
  });
  get("reach/stations").then(({ features }) => {
    page.stations = features;
    drawStations();
    if (!features.length) byId("categories").replaceChildren(empty(t("还没有服务站点。")));
  }).catch((error) => byId("categories").after(empty(error.message)));
  drawCircles();
}
