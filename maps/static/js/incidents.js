// The incidents page: where and when they gather, whether it is more than chance, who has them, and what is late.

import { byId, data, debounce, fact, get, h, number, t } from "./core.js";
import { caseCard } from "./case_card.js";
import { caseList } from "./case_list.js";
import { casePoints, ringRows } from "./case_points.js";
import { caseReport } from "./case_report.js";
import { caseSheet } from "./case_sheet.js";
import { clusterFacts, clusterHulls } from "./cluster_hulls.js";
import { findingsOn } from "./hotspot_cells.js";
import { incidentCounts } from "./incident_counts.js";
import { incidentExport } from "./incident_export.js";
import { filters as openFilters } from "./incident_filters.js";
import { incidentLayers } from "./incident_layers.js";
import { drawLegend } from "./legend.js";
import { besideCard, card as openCard, fitBox, foldLegendOnPhone, showMap } from "./map.js";
import { timePlay } from "./time_play.js";

const ask = (path, query, signal) => get(path, query, { signal });
const isWide = () => window.matchMedia("(min-width: 1181px)").matches;

export function start(map, { density, grids }) {
  const filters = openFilters();
  foldLegendOnPhone();
  openWhere(map, filters.get("at"));

  // One card: a case, a grid, a cluster, a cell, or what waits. Whoever shows something else is told that the rest went.
  const card = openCard(() => {
    const row = filters.get("case") && byId("cases-rows").querySelector(`[data-case="${filters.get("case")}"]`);
    forget();
    if (row && row.offsetParent) row.focus({ preventScroll: true });
  });

  function forget() {
    one.forget();
    if (sheet) sheet.forget();
    grids.mark([]);
  }

  function fly(lon, lat) {
    showMap();
    fitBox(map, [lon, lat, lon, lat], { ...(isWide() ? {} : besideCard()), maxZoom: Math.max(map.getZoom(), 16) });
  }

  function flyTo(feature) {
    const bounds = L.geoJSON(feature).getBounds();
    showMap();
    fitBox(map, [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()], isWide() ? {} : besideCard());
  }

  function showElse({ head, body }) {
    forget();
    card.show(head, body);
  }

  // The filter is by the grid of the day reported: by another reading it would not leave what is counted here.
  function showGrid(row) {
    showElse({
      head: [h("h2", {}, row.name || row.grid_code), h("span", { class: "code" }, row.grid_code)],
      body: [
        h("dl", { class: "facts" }, fact(t("事件"), number(row.count)), fact(t("未办结"), number(row.open)), fact(t("超时"), number(row.overdue)), fact(t("每千户件数"), row.per_1000_households === null ? "–" : row.per_1000_households.toFixed(1))),
        filters.get("reading") ? null : h("button", { class: "button button--small", type: "button", onclick: () => filters.set({ grid: filters.get("grid") === row.grid_code ? "" : row.grid_code }) }, filters.get("grid") === row.grid_code ? t("看全部网格") : t("只看这个网格")),
      ].filter(Boolean),
    });
    grids.mark([row.grid_code]);
  }

  const points = casePoints(map, { onCase: (id) => openCase(id, { focus: false }) });
  const findings = findingsOn(map, { onFinding: showElse });
  const hulls = clusterHulls(map, { onCluster: ({ properties }) => showElse(clusterFacts(properties)) });
  const list = caseList(map, {
    filters, ask, points, grids,
    onCase: (id) => openCase(id, { fly: true, focus: true }),
    onGrid(row) {
      showGrid(row);
      showMap();
      if (row.bbox) fitBox(map, row.bbox, isWide() ? {} : besideCard());
    },
  });
  const layers = incidentLayers({ filters, ask, density, grids, findings, hulls, onPlace: flyTo });
  const one = caseCard(map, { filters, list, points, card, fly, onChange: recount });
  const sheet = data.can_handle ? caseSheet(map, { card, onCase: (id) => openCase(id, { fly: true, focus: true }), onOpen: forget, onChange: recount }) : null;
  const counts = incidentCounts({ filters, onDays: chooseDays, onSummary, onWhole });
  const play = timePlay({ span: filters.chosenSpan, show: showWindow });
  const takeAway = incidentExport(map, { filters, legend: () => [...layers.rows(), ...pointRows()], layer: layers.label });

  function openCase(id, options) {
    if (sheet) sheet.forget();
    grids.mark([]);
    return one.open(id, options);
  }

  const pointRows = () => (filters.get("tab") === "grids" ? [] : [{ note: t("点为列表中的事件，外圈为时限") }, ...ringRows()]);

  function onSummary(summary) {
    filters.nameGrids(summary.grids);
    list.count(summary);
    layers.count(summary);
  }

  function onWhole(summary) {
    filters.nameGrids(summary.grids);
    layers.cover(summary);
  }

  // Figures and map come first; list and test follow when the figures are there.
  async function load(light = false) {
    takeAway.link();
    const drawn = layers.load();
    await counts.load(light);
    if (!light) await Promise.all([list.load(), layers.loadChance()]);
    await drawn;
  }

  function recount() {
    counts.forget();
    load();
    if (sheet) sheet.load();
  }

  function showDates() {
    const form = byId("dates").elements;
    const { from, to } = filters.chosenSpan();
    if (document.activeElement !== form.from) form.from.value = from;
    if (document.activeElement !== form.to) form.to.value = to;
  }

  function chooseDays(from, to) {
    filters.set({ from, to });
  }

  function showWindow(window_, light) {
    filters.setWindow(window_);
    counts.days.play(window_);
    list.pause(light);
    return load(light);
  }

  filters.onChange((changes) => {
    filters.setWindow(null);
    counts.days.play(null);
    list.pause(false);
    if ("from" in changes || "to" in changes) counts.days.choose(filters.chosenSpan());
    showDates();
    showReading();
    play.reset();
    load();
  });

  byId("dates").addEventListener("change", debounce(() => {
    const form = byId("dates").elements;
    if (form.from.value && form.to.value) chooseDays(...[form.from.value, form.to.value].sort());
  }, 200));
  byId("dates").addEventListener("submit", (event) => event.preventDefault());
  byId("all-days").addEventListener("click", () => counts.days.all() && chooseDays(...counts.days.all()));

  function showReading() {
    byId("reading").value = filters.get("reading");
    byId("reading-on").hidden = filters.get("reading") !== "on";
    byId("reading-on").value = filters.get("on");
  }

  function chooseReading() {
    const reading = byId("reading").value;
    byId("reading-on").hidden = reading !== "on";
    if (reading === "on" && !byId("reading-on").value) byId("reading-on").value = filters.span().to;
    filters.set({ reading, on: reading === "on" ? byId("reading-on").value : "" });
  }
  byId("reading").addEventListener("change", chooseReading);
  byId("reading-on").addEventListener("change", chooseReading);

  // Where both do not fit beside the map, one of overview and list is shown.
  const main = byId("main");
  for (const button of document.querySelectorAll(".sides button")) {
    button.addEventListener("click", () => {
      main.dataset.side = button.dataset.side;
      for (const other of document.querySelectorAll(".sides button")) other.setAttribute("aria-pressed", String(other === button));
    });
  }

  for (const key of ["cases", "grids"]) byId(`tab-${key}`).addEventListener("click", drawPoints);
  function drawPoints() {
    drawLegend(byId("points-legend"), pointRows());
  }

  grids.onHover((grid) => {
    const row = list.grid(grid.grid_code);
    return [row ? t("{n} 件，未办结 {open}，超时 {overdue}", { n: number(row.count), open: number(row.open), overdue: number(row.overdue) }) : null];
  });
  grids.onClick((code) => {
    const row = list.grid(code);
    if (row) showGrid(row);
  });
  map.on("moveend", debounce(() => {
    const { lat, lng } = map.getCenter();
    filters.view({ at: `${map.getZoom()}/${lat.toFixed(5)}/${lng.toFixed(5)}` });
  }, 400));
  if (data.can_handle) caseReport(map, { onCase: (id) => openCase(id, { fly: true, focus: true }), onChange: recount, keep: points.keep });

  filters.draw();
  showDates();
  showReading();
  drawPoints();
  layers.start();
  list.start();
  counts.load().then(layers.loadChance);
  if (filters.get("case")) openCase(Number(filters.get("case")), {});
  if (sheet) sheet.load();
}

// The view that a link names: zoom/lat/lon.
function openWhere(map, at) {
  if (!at) return;
  const [zoom, lat, lon] = at.split("/").map(Number);
  map.setView([lat, lon], zoom, { animate: false });
}
