// Cover by reach as tables: by street, community or grid, by kinds of service, from the middle of each grid; weak spots.

import { byId, colour, data, fill, get, h, number, percent, setText, t } from "./core.js";
import { patiently } from "./jobs.js";
import { fitBox, showMap, tip } from "./map.js";

const SHOWN = 60;
const KINDS = {
  urban_village: () => t("城中村"), old_quarter: () => t("老旧小区"), rented: () => t("出租房集中"), works: () => t("工厂园区"),
  office: () => t("写字楼"), mall: () => t("商场"), school: () => t("学校"), hospital: () => t("医院"), walled: () => t("小区"),
};

export function coverTable(map, { asked }) {
  const spots = L.layerGroup();
  const pointer = tip(map);
  const turn = { table: 0, spots: 0 };

  function go(bbox) {
    showMap();
    fitBox(map, bbox);
  }

  const place = (row) => h("td", {}, row.bbox ? h("button", { class: "link", type: "button", onclick: () => go(row.bbox) }, row.name) : row.name);
  const heads = (words) => h("thead", {}, h("tr", {}, words.map((word, index) => h("th", { scope: "col", class: index ? "number" : null }, word))));
  const more = (rows) => (rows.length > SHOWN ? h("p", { class: "section__note" }, t("列出前 {n} 行，共 {all} 行", { n: SHOWN, all: number(rows.length) })) : null);

  function drawRows({ rows }) {
    const body = rows.slice(0, SHOWN).map((row) => {
      const last = row.within[row.within.length - 1];
      return h("tr", {}, place(row), h("td", { class: "number" }, number(row.households)), h("td", { class: last.left_out ? "number alarm" : "number" }, number(last.left_out)), h("td", {}, percent(last.share), h("div", { class: "meter" }, h("span", { "width%": (last.share || 0) * 100 }))));
    });
    const table = h("table", { class: "table table--plain" }, heads([t("名称"), t("户数"), t("圈外户数"), t("圈内占比")]), h("tbody", {}, body));
    byId("cover-table").replaceChildren(...[table, more(rows)].filter(Boolean));
  }

  function drawCentres({ grids }) {
    const longest = Math.max(...data.minutes);
    const worst = (grid) => Math.max(...data.categories.map(({ key }) => grid.minutes[key] ?? Infinity));
    const rows = [...grids].sort((a, b) => worst(b) - worst(a) || (a.grid_code < b.grid_code ? -1 : 1));
    const cell = (minutes) => h("td", { class: minutes === null || minutes > longest ? "number alarm" : "number" }, minutes === null ? "–" : Math.ceil(minutes));
    const body = rows.slice(0, SHOWN).map((grid) => h("tr", {}, place(grid), data.categories.map(({ key }) => cell(grid.minutes[key]))));
    const table = h("table", { class: "table table--plain table--tight" }, heads([t("网格"), ...data.categories.map(({ label }) => label)]), h("tbody", {}, body));
    byId("cover-table").replaceChildren(...[h("p", { class: "section__note" }, t("步行分钟，最远的在前")), table, more(rows)].filter(Boolean));
  }

  function drawKinds(kinds) {
    const all = kinds.reduce((sum, row) => sum + row.households, 0);
    byId("kinds").replaceChildren(h("div", { class: "rows" }, [...kinds].reverse().map((row) =>
      h("div", { class: "row" }, h("span", {}, h("span", { class: "name" }, row.kinds === kinds.length - 1 ? t("全部 {n} 类", { n: row.kinds }) : t("{n} 类", { n: row.kinds })), h("span", { class: "meter" }, h("span", { "width%": all ? (row.households / all) * 100 : 0 }))), h("span", { class: "row__value" }, h("b", {}, number(row.households)))))));
  }

  // Left out of what: of every station, or of those of the kind that was chosen; centres are told of all kinds.
  function drawNote(by) {
    const only = data.categories.find(({ key }) => key === asked().category);
    byId("cover-note").hidden = by === "centres";
    setText("cover-note", only ? t("圈外：最长步行时限内没有「{category}」站点", { category: only.label }) : t("圈外：最长步行时限内没有任何站点"));
  }

  function load() {
    const mine = ++turn.table;
    const by = byId("cover-by").value;
    const isNew = () => mine === turn.table;
    drawNote(by);
    if (by === "centres") return fill(byId("cover-table"), () => patiently(get("reach/grids")), (made) => isNew() && drawCentres(made));
    return fill(byId("cover-table"), () => patiently(get("reach/cover", { by, category: asked().category })), (made) => {
      if (!isNew()) return;
      drawRows(made);
      drawKinds(made.kinds);
    });
  }

  async function showSpots(shown) {
    const mine = ++turn.spots;
    spots.clearLayers();
    if (!shown) return spots.remove();
    const made = await patiently(get("reach/weak-spots"));
    if (mine !== turn.spots) return spots;
    L.geoJSON(made, {
      pane: "data",
      style: { color: colour("ink"), weight: 1.6, dashArray: "1 4", fillColor: colour("ink"), fillOpacity: 0.05 },
      onEachFeature: ({ properties: spot }, layer) => {
        const kind = (KINDS[spot.kind] || (() => spot.kind))();
        layer.on("mousemove", (event) => pointer.show(event.latlng, spot.name || kind, kind, t("{n} 户，{m} 户在圈外", { n: number(spot.households), m: number(spot.left_out) })));
        layer.on("mouseout", () => pointer.hide());
      },
    }).addTo(spots);
    return spots.addTo(map);
  }

  byId("cover-by").addEventListener("change", load);
  return { load, showSpots };
}
