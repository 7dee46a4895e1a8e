// The incidents page: density, clusters, days, hours and the grids that carry most.

import { byId, data, debounce, empty, fill, get, h, number, Problem, s, setText, t } from "./core.js";
import { dayChart, hourChart } from "./chart.js";
import { besideCard, card, fitBox, foldLegendOnPhone } from "./map.js";

const LABELS = new Map(data.categories.map((category) => [category.key, category.label]));

function drawRamp(scale) {
  const { stops } = scale;
  const width = 100 / Math.max(stops.length, 1);
  byId("ramp").replaceChildren(...stops.map((stop, index) => s("rect", { x: index * width, y: 0, width: width + 0.5, height: 10, fill: stop.colour })));
  setText("ramp-max", t("{n} 件/平方公里", { n: number(scale.max_per_km2) }));
  setText("ramp-note", t("平滑半径 {n} 米", { n: number(scale.bandwidth_m) }));
}

export function start(map, { density, grids }) {
  const page = { from: data.from, to: data.to, category: "", running: null };
  const hulls = L.layerGroup().addTo(map);
  const detail = card();
  foldLegendOnPhone();

  const span = () => ({ from: page.from, to: page.to, category: page.category });
  const filters = () => ({ ...span(), tier: byId("tier").value, state: byId("status").value });

  // What failed says so over the map, where the next request clears it.
  function fail(error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    byId("hint").hidden = false;
    setText("hint", error.message);
  }

  const days = dayChart(byId("days"), (from, to) => choose(from, to));

  function choose(from, to) {
    [page.from, page.to] = [from, to];
    const form = byId("dates").elements;
    form.from.value = from;
    form.to.value = to;
    days.choose(from, to);
    load();
  }

  function showCluster(feature) {
    const cluster = feature.properties;
    const fact = (label, value) => h("div", {}, h("dt", {}, label), h("dd", {}, value));
    detail.show(
      [h("h2", {}, t("聚集区：{n} 件", { n: number(cluster.incidents) })), h("span", { class: "code" }, LABELS.get(cluster.top_category) || cluster.top_category || "")],
      [
        h("dl", { class: "facts" }, fact(t("最多的类别"), LABELS.get(cluster.top_category) || "–"), fact(t("地点数"), number(cluster.places)), fact(t("最早"), cluster.first_on || "–"), fact(t("最近"), cluster.last_on || "–")),
        cluster.is_one_place ? h("p", { class: "certificate" }, h("b", {}, t("同一地点反复上报")), t("这些事件几乎都在同一处，请先看是否重复。")) : null,
      ].filter(Boolean),
    );
  }

  function drawClusters(collection) {
    hulls.clearLayers();
    const { eps_m: reach, min_incidents: least } = collection.parameters;
    setText("cluster-note", t("{m} 米内 {n} 件以上，共 {count} 处", { m: number(reach), n: number(least), count: number(collection.features.length) }));
    L.geoJSON(collection, {
      pane: "marks",
      style: (feature) => ({ color: "#1b2426", weight: 1.6, opacity: 0.85, fillColor: "#1b2426", fillOpacity: 0.05, dashArray: feature.properties.is_one_place ? "2 4" : null }),
      pointToLayer: (feature, latlng) => L.circleMarker(latlng, { pane: "marks", radius: 8 }),
      onEachFeature: (feature, layer) => {
        layer.on("click", () => showCluster(feature));
        const middle = layer.getBounds ? layer.getBounds().getCenter() : layer.getLatLng();
        const size = Math.min(44, 22 + Math.sqrt(feature.properties.incidents) * 1.3);
        const icon = L.divIcon({ className: "count", html: h("span", {}, number(feature.properties.incidents)), iconSize: [size, size] });
        L.marker(middle, { icon, title: t("聚集区：{n} 件", { n: number(feature.properties.incidents) }) }).on("click", () => showCluster(feature)).addTo(hulls);
      },
    }).addTo(hulls);
  }

  function drawChips(categories) {
    const counts = new Map(categories.map((category) => [category.key, category.count]));
    byId("categories").replaceChildren(...data.categories.map((category) =>
      h("button", { class: "chip", type: "button", "aria-pressed": String(page.category === category.key), onclick: () => {
        page.category = page.category === category.key ? "" : category.key;
        load();
        loadDays();
      } }, h("span", { class: "dot", swatch: category.colour }), category.label, h("b", {}, counts.has(category.key) ? number(counts.get(category.key)) : "–"))));
  }

  function showGrid(row) {
    if (!byId("show-grids").checked) byId("show-grids").click();
    grids.mark([row.grid_code]);
    if (row.bbox) fitBox(map, row.bbox, byId("detail").hidden ? {} : besideCard());
  }

  function drawRanks(rows) {
    const top = Math.max(...rows.map((row) => row.count), 1);
    const list = rows.slice(0, 12).map((row, index) =>
      h("button", { class: "row row--rank", type: "button", onclick: () => showGrid(row) },
        h("span", { class: "row__rank" }, index + 1),
        h("span", {}, h("span", { class: "name" }, row.name), h("span", { class: "meter" }, h("span", { "width%": (row.count / top) * 100 }))),
        h("span", { class: "row__value" }, h("b", {}, number(row.count)), h("span", { class: "code" }, row.per_1000_households === null ? "–" : t("千户 {n}", { n: Number(row.per_1000_households).toFixed(1) })))));
    byId("ranks").replaceChildren(...(list.length ? list : [empty(t("没有符合条件的事件。"))]));
  }

  function drawSummary(summary) {
    setText("sum-total", number(summary.total));
    setText("sum-open", number(summary.open));
    setText("sum-overdue", number(summary.overdue));
    byId("sum-overdue").closest(".figure").classList.toggle("figure--alarm", summary.overdue > 0);
    if (!page.category) drawChips(summary.categories);
    drawRanks(summary.grids);
    hourChart(byId("hours"), summary.hours);
  }

  function load() {
    if (page.running) page.running.abort();
    page.running = new AbortController();
    const options = { signal: page.running.signal };
    density.set(span());
    detail.close();
    grids.mark([]);
    byId("hint").hidden = true;
    byId("map-note").hidden = !byId("tier").value && !byId("status").value;
    // Each kind's own count, also while one of them is chosen.
    if (page.category) get("incidents/summary", { ...filters(), category: "" }, options).then(({ categories }) => drawChips(categories)).catch(fail);
    fill(byId("ranks"), () => get("incidents/summary", filters(), options), drawSummary);
    get("incidents/clusters", span(), options).then(drawClusters).catch((error) => {
      if (error.name === "AbortError") return;
      hulls.clearLayers();
      setText("cluster-note", "");
      fail(error);
    });
    get("incidents/density/scale", span(), options).then(drawRamp).catch(fail);
  }

  // The bars show all days, whatever span is chosen: they are what it is chosen from.
  function loadDays() {
    get("incidents/summary", { category: page.category }).then((summary) => {
      if (!summary.days.length) return days.set([], page.from, page.to);
      return days.set(summary.days, page.from, page.to);
    }).catch((error) => {
      days.say(error.message);
      fail(error);
    });
  }

  byId("dates").addEventListener("change", debounce(() => {
    const form = byId("dates").elements;
    if (form.from.value && form.to.value) choose(...[form.from.value, form.to.value].sort());
  }, 200));
  byId("all-days").addEventListener("click", () => get("incidents/summary", {}).then((summary) => summary.days.length && choose(summary.days[0].on, summary.days[summary.days.length - 1].on)).catch(fail));
  for (const id of ["tier", "status"]) byId(id).addEventListener("change", load);
  byId("show-density").addEventListener("change", (event) => density.show(event.target.checked));
  byId("show-clusters").addEventListener("change", (event) => (event.target.checked ? hulls.addTo(map) : hulls.remove()));
  byId("show-grids").addEventListener("change", (event) => grids.show(event.target.checked));
  drawChips([]);
  density.set(span()).show(true);
  loadDays();
  load();
}
