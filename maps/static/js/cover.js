// The cover page: every door in exactly one grid with someone answerable, or where it is not so.

import { byId, data, empty, fill, get, h, number, percent, s, setText, t } from "./core.js";
import { fitBox, foldLegendOnPhone } from "./map.js";

const tick = () => s("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, s("path", { d: "M4 10.5l4 4 8-9" }));
const bang = () => s("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, s("path", { d: "M10 4v8M10 15.5v.5" }));
const verdict = (good, words) => h("p", { class: good ? "verdict" : "verdict verdict--alarm" }, good ? tick() : bang(), h("span", {}, words));

const CORNERS = ([west, south, east, north]) => [[south, west], [north, east]];

export function start(map, { grids: tiles }) {
  const faults = L.layerGroup().addTo(map);
  foldLegendOnPhone();

  const go = (bbox) => fitBox(map, bbox, { maxZoom: 17 });

  function mark(fault) {
    // A gap may be a sliver: the ring shows where, whatever the zoom.
    L.rectangle(CORNERS(fault.bbox), { pane: "marks", color: "#b5342b", weight: 2, fillColor: "#b5342b", fillOpacity: 0.45 }).addTo(faults);
    ring(fault.bbox);
  }

  function ring(bbox) {
    const [west, south, east, north] = bbox;
    const icon = L.divIcon({ className: "ring", iconSize: [28, 28] });
    L.marker([(south + north) / 2, (west + east) / 2], { icon, pane: "marks", keyboard: false }).on("click", () => go(bbox)).addTo(faults);
  }

  function drawVerdicts(cover) {
    const list = [];
    const clean = !cover.gaps.length && !cover.overlaps.length;
    if (!cover.plan_ids.length) list.push(verdict(false, t("这一天没有生效的网格方案。")));
    else if (clean) list.push(verdict(true, t("没有空白，没有重叠。")));
    if (cover.gaps.length) list.push(verdict(false, t("有 {n} 处空白：这里不属于任何网格。", { n: cover.gaps.length })));
    if (cover.overlaps.length) list.push(verdict(false, t("有 {n} 处重叠：这里同时属于两个网格。", { n: cover.overlaps.length })));
    if (cover.doors_without_grid) list.push(verdict(false, t("有 {n} 扇门不在任何网格里。", { n: number(cover.doors_without_grid) })));
    if (cover.doors_in_several) list.push(verdict(false, t("有 {n} 扇门同时在几个网格里。", { n: number(cover.doors_in_several) })));
    byId("verdicts").replaceChildren(...list);
  }

  function drawHeadline(cover) {
    byId("headline").hidden = false;
    setText("cover-share", cover.doors ? percent(cover.doors_covered / cover.doors) : "–");
    byId("cover-words").replaceChildren(
      h("strong", {}, t("{n} 扇门有人负责", { n: number(cover.doors_covered) })), h("br"),
      t("共 {n} 扇门", { n: number(cover.doors) }),
    );
    setText("sum-grids", number(cover.grids));
    setText("sum-households", number(cover.households));
    setText("sum-vacant", number(cover.vacancies.length));
    setText("sum-outside", number(cover.doors_without_grid));
    byId("sum-vacant").closest(".figure").classList.toggle("figure--alarm", cover.vacancies.length > 0);
    byId("sum-outside").closest(".figure").classList.toggle("figure--alarm", cover.doors_without_grid > 0);
  }

  function drawFaults(cover) {
    faults.clearLayers();
    const all = [...cover.gaps.map((fault) => [t("空白"), fault]), ...cover.overlaps.map((fault) => [t("重叠"), fault])];
    // Where no plan holds at all, every door is astray, and a list of some of them says nothing.
    const strays = cover.plan_ids.length ? cover.strays.map((door) => ({ ...door, bbox: [door.lon, door.lat, door.lon, door.lat] })) : [];
    byId("faults-section").hidden = !all.length && !strays.length;
    all.forEach(([, fault]) => mark(fault));
    strays.forEach((door) => ring(door.bbox));
    const areas = all.map(([kind, fault]) =>
      row(fault.bbox, [kind, fault.community || ""], t("{n} 平方米", { n: fault.area_m2 < 10 ? Number(fault.area_m2).toFixed(1) : number(fault.area_m2) })));
    const doors = strays.map((door) =>
      row(door.bbox, [door.grids ? t("门在 {n} 个网格里", { n: door.grids }) : t("门不在网格里"), door.name || t("没有名称的楼栋")], door.community || ""));
    byId("faults").replaceChildren(...areas, ...doors);
    const left = cover.doors_without_grid + cover.doors_in_several - strays.length;
    setText("faults-note", strays.length && left > 0 ? t("另有 {n} 扇门未列出", { n: number(left) }) : "");
  }

  const row = (bbox, [kind, name], value) =>
    h("button", { class: "row", type: "button", onclick: () => go(bbox) },
      h("span", {}, h("span", { class: "badge badge--alarm" }, kind), " ", name),
      h("span", { class: "row__value" }, value));

  function drawVacancies(cover) {
    tiles.setVacant(cover.vacancies.map((grid) => grid.grid_code));
    const households = cover.vacancies.reduce((sum, grid) => sum + grid.households, 0);
    setText("vacancy-note", cover.vacancies.length ? t("{n} 户暂时没有网格员", { n: number(households) }) : "");
    const rows = cover.vacancies.map((grid) =>
      h("button", { class: "row", type: "button", onclick: () => go(grid.bbox) },
        h("span", {}, h("span", { class: "name" }, grid.name), h("span", { class: "code" }, `${grid.grid_code} · ${grid.community}`)),
        h("span", { class: "row__value" }, t("{n} 户", { n: number(grid.households) }))));
    byId("vacancies").replaceChildren(...(rows.length ? rows : [empty(t("每个网格都有网格员。"))]));
  }

  function drawCommunities(cover) {
    byId("communities").tBodies[0].replaceChildren(...cover.communities.map((area) => {
      const share = area.doors ? area.doors_covered / area.doors : 0;
      return h("tr", {},
        h("td", {}, area.name),
        h("td", { class: "number" }, number(area.households)),
        h("td", { class: "number" }, number(area.grids)),
        h("td", { class: area.vacant ? "number alarm" : "number" }, number(area.vacant)),
        h("td", {}, percent(share), h("div", { class: "meter" }, h("span", { "width%": share * 100, swatch: share < 1 ? "var(--band-above)" : null }))));
    }));
  }

  function load() {
    const on = byId("on").value || data.on;
    fill(byId("verdicts"), () => get("cover", { on }), (cover) => {
      drawHeadline(cover);
      drawVerdicts(cover);
      drawFaults(cover);
      drawVacancies(cover);
      drawCommunities(cover);
    });
  }

  byId("on").addEventListener("change", load);
  load();
}
