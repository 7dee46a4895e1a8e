// Who answers for each grid: vacant ones first; grids can be chosen, and their workers' duties handed over.

import { byId, data, debounce, empty, fill, get, h, number, setText, t } from "./core.js";
import { paged, persons, reason } from "./people_words.js";

export function gridsPart({ asked, handOver, assign }) {
  let grids = [];
  const chosen = new Map();

  const words = (grid) => [grid.name, grid.grid_code, grid.community, ...[...grid.workers, ...grid.heads].flatMap((one) => [one.name, one.answer || ""])].join(" ");
  const share = ({ answered, all }) => (all ? h("span", { class: answered < all ? "quiet" : null }, `${number(answered)} / ${number(all)}`) : h("span", { class: "quiet" }, "–"));

  function drawSums() {
    const vacant = grids.filter((grid) => grid.reason);
    setText("sum-grids", number(grids.length));
    setText("sum-answered", number(grids.length - vacant.length));
    setText("sum-vacant", number(vacant.length));
    setText("sum-substitutes", number(grids.filter((grid) => grid.workers.some((one) => one.is_substitute)).length));
    byId("sum-vacant").closest(".figure").classList.toggle("figure--alarm", vacant.length > 0);
    setText("count-grids", number(grids.length));
  }

  function drawChosen() {
    if (!data.can_write) return;
    const count = chosen.size;
    const households = [...chosen.values()].reduce((sum, grid) => sum + grid.households, 0);
    setText("chosen", count ? t("已选 {n} 个网格，{m} 户", { n: count, m: number(households) }) : "");
    byId("hand-over").disabled = !count;
  }

  function pick(grid) {
    if (!grid.workers.length) return "";
    return h("input", { type: "checkbox", checked: chosen.has(grid.grid_code), "aria-label": t("选择{name}", { name: grid.name }), onchange: (event) => {
      if (event.target.checked) chosen.set(grid.grid_code, grid);
      else chosen.delete(grid.grid_code);
      drawChosen();
    } });
  }

  function row(grid) {
    const name = [h("span", { class: "name" }, grid.name), h("span", { class: "code" }, `${grid.grid_code} · ${grid.community}`)];
    const worker = grid.reason
      ? [h("span", { class: "badge badge--alarm" }, reason(grid.reason)), ...grid.workers.map((one) => h("small", {}, one.name)), grid.next_on && h("small", {}, t("{day} 起有人", { day: grid.next_on }))]
      : persons(grid.workers);
    const way = data.can_write && grid.reason && !grid.workers.length && h("button", { class: "button button--small", type: "button", onclick: () => assign({ ...grid, code: grid.grid_code, role: "worker" }) }, t("任命"));
    const cells = [name, number(grid.households), worker, persons(grid.heads), share(grid.units), share(grid.zones)];
    return { kind: grid.reason ? "is-vacant" : null, cells: data.can_write ? [pick(grid), ...cells, way || ""] : cells };
  }

  function draw() {
    const sought = byId("find").value.trim().toLowerCase();
    const found = sought ? grids.filter((grid) => words(grid).toLowerCase().includes(sought)) : grids;
    const heads = [[t("网格"), "head"], [t("户数"), "number"], [t("网格员"), "person"], [t("网格长"), "person"], [t("联户长"), "number"], [t("包保单位"), "number"]];
    if (!found.length) return byId("grids").replaceChildren(empty(grids.length ? t("没有符合的网格。") : t("这一天没有生效的网格方案。")));
    return paged(byId("grids"), data.can_write ? [["", "pick"], ...heads, ["", "ways"]] : heads, found.map((grid) => () => row(grid)));
  }

  function load() {
    return fill(byId("grids"), () => get("duties", asked()), (body) => {
      grids = body.grids;
      chosen.clear();
      drawSums();
      drawChosen();
      draw();
    });
  }

  byId("find").addEventListener("input", debounce(draw, 150));
  if (data.can_write) byId("hand-over").addEventListener("click", () => handOver([...chosen.values()]));
  // What a grid is called on the day that is shown; one of another plan keeps its code.
  const nameOf = (code) => grids.find((grid) => grid.grid_code === code)?.name || code;
  return { load, nameOf };
}
