// The list beside the map: cases by how late they are, grids by how much they carry.

import { byId, debounce, empty, h, number, t } from "./core.js";
import { badge, colourOf, dayOfMoment, labelOf } from "./case_words.js";
import { turns } from "./turns.js";

const CASES_MAX = 100;
const GRIDS_SHOWN = 60;
const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

const boxOf = (map) => {
  const bounds = map.getBounds();
  const clip = (value, most) => Math.max(-most, Math.min(most, value)).toFixed(6);
  return [clip(bounds.getWest(), 180), clip(bounds.getSouth(), 90), clip(bounds.getEast(), 180), clip(bounds.getNorth(), 90)].join(",");
};

export function caseList(map, { filters, ask, points, grids, onCase, onGrid }) {
  const take = turns(byId("cases-fault"));
  const state = { features: [], grids: [], elsewhere: 0, total: 0, summed: false };
  const here = byId("cases-here");
  const tabs = ["cases", "grids"].map((key) => byId(`tab-${key}`));
  const tab = () => filters.get("tab") || "cases";

  function caseRow(feature) {
    const row = feature.properties;
    const mark = () => feature.geometry && points.mark(feature);
    return h("button", { class: "row case", type: "button", "data-case": row.incident_id, onclick: () => onCase(row.incident_id), onmouseenter: mark, onfocus: mark, onmouseleave: points.unmark, onblur: points.unmark },
      h("span", { class: "case__what" }, h("span", { class: "dot", swatch: colourOf(row.category) }), h("span", { class: "name" }, labelOf("categories", row.category)), feature.geometry ? null : h("span", { class: "badge badge--amber" }, t("无位置"))),
      badge(row),
      h("span", { class: "code case__who" }, `${labelOf("tiers", row.tier)} · ${labelOf("states", row.state)}`),
      h("span", { class: "code" }, dayOfMoment(row.reported_at)),
      h("span", { class: "code case__where" }, row.grid_code ? filters.gridName(row.grid_code) : t("不在网格内")));
  }

  function drawCases() {
    byId("cases-note").textContent = state.total > state.features.length ? t("前 {n} 件，共 {all} 件", { n: number(state.features.length), all: number(state.total) }) : t("共 {all} 件", { all: number(state.total) });
    byId("cases-rows").replaceChildren(...(state.features.length ? state.features.map(caseRow) : [empty(t("没有符合条件的事件。"))]));
    markCurrent();
  }

  function markCurrent() {
    for (const row of byId("cases-rows").children) {
      if (row.dataset.case && row.dataset.case === filters.get("case")) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
    const current = byId("cases-rows").querySelector("[aria-current]");
    if (current && current.offsetParent && window.matchMedia("(min-width: 761px)").matches) current.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  }

  const load = () => take(async (signal) => {
    const found = await ask("incidents/ranked", { ...filters.query(), bbox: here.checked ? boxOf(map) : "", limit: CASES_MAX }, signal);
    Object.assign(state, { features: found.features, total: found.total });
    points.show(found.features);
    drawCases();
  });

  const byRank = { count: (grid) => grid.count, per_1000_households: (grid) => grid.per_1000_households ?? -1, overdue: (grid) => grid.overdue };
  const values = {
    count: (grid) => [number(grid.count), grid.per_1000_households === null ? "–" : t("千户 {n}", { n: grid.per_1000_households.toFixed(1) })],
    per_1000_households: (grid) => [grid.per_1000_households === null ? "–" : grid.per_1000_households.toFixed(1), t("共 {all} 件", { all: number(grid.count) })],
    overdue: (grid) => [number(grid.overdue), t("未办结 {n}", { n: number(grid.open) })],
  };

  function gridRow(by, top) {
    return (grid, index) => {
      const [value, beside] = values[by](grid);
      const amount = Math.max(byRank[by](grid), 0);
      const mark = () => grids.mark([grid.grid_code]);
      return h("button", { class: "row row--rank", type: "button", "aria-current": filters.get("grid") === grid.grid_code ? "true" : null, onclick: () => onGrid(grid), onmouseenter: mark, onfocus: mark, onmouseleave: () => grids.mark([]), onblur: () => grids.mark([]) },
        h("span", { class: "row__rank" }, index + 1),
        h("span", {}, h("span", { class: "name" }, grid.name || grid.grid_code), h("span", { class: "meter" }, h("span", { "width%": top ? (amount / top) * 100 : 0 }))),
        h("span", { class: "row__value" }, h("b", { class: by === "overdue" && grid.overdue ? "alarm" : null }, value), h("span", { class: "code" }, beside)));
    };
  }

  function drawGrids() {
    const by = byId("rank-by").value;
    const sorted = [...state.grids].sort((a, b) => byRank[by](b) - byRank[by](a) || b.count - a.count);
    const top = sorted.length ? byRank[by](sorted[0]) : 0;
    const rows = sorted.slice(0, GRIDS_SHOWN).map(gridRow(by, top));
    byId("ranks").replaceChildren(...(rows.length ? rows : [empty(t("没有符合条件的事件。"))]));
    if (sorted.length > GRIDS_SHOWN) byId("ranks").append(h("p", { class: "section__note" }, t("前 {n} 个，共 {all} 个", { n: GRIDS_SHOWN, all: number(sorted.length) })));
    byId("reading-note").textContent = state.elsewhere ? t("按哪天的网格，总数都一样；其中 {n} 件不在辖区的任何网格内。", { n: number(state.elsewhere) }) : t("按哪天的网格，总数都一样；全部在辖区的网格内。");
  }

  function choose(key, focus = false) {
    filters.view({ tab: key === "cases" ? "" : key });
    tabs.forEach((button) => {
      const chosen = button.id === `tab-${key}`;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      byId(button.getAttribute("aria-controls")).hidden = !chosen;
      if (chosen && focus) button.focus();
    });
    points.visible(key === "cases");
    if (key === "cases") load();
  }

  tabs.forEach((button, index) => {
    button.addEventListener("click", () => choose(["cases", "grids"][index]));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      choose(["cases", "grids"][1 - index], true);
    });
  });
  byId("rank-by").addEventListener("change", (event) => {
    filters.view({ rank: event.target.value === "count" ? "" : event.target.value });
    drawGrids();
  });
  here.addEventListener("change", () => {
    filters.view({ here: here.checked ? "1" : "" });
    load();
  });
  map.on("moveend", debounce(() => here.checked && tab() === "cases" && load(), 300));
  here.checked = filters.get("here") === "1";
  byId("rank-by").value = filters.get("rank") || "count";

  return {
    start: () => choose(tab()),
    load: () => (tab() === "cases" ? load() : null),
    // Points and rows are of the chosen days: while time runs they wait.
    pause(waits) {
      byId("cases-rows").classList.toggle("is-waiting", waits);
      points.visible(!waits && tab() === "cases");
    },
    count({ grids: rows, elsewhere }) {
      Object.assign(state, { grids: rows, elsewhere, summed: true });
      drawGrids();
      if (state.features.length) for (const place of byId("cases-rows").querySelectorAll(".case")) nameGrid(place);
    },
    features: () => state.features,
    grid: (code) => state.grids.find((row) => row.grid_code === code),
    markCurrent,
  };

  // Names of grids come with the counts, which may come after the list.
  function nameGrid(place) {
    const feature = state.features.find(({ properties }) => String(properties.incident_id) === place.dataset.case);
    if (feature && feature.properties.grid_code) place.querySelector(".case__where").textContent = filters.gridName(feature.properties.grid_code);
  }
}
