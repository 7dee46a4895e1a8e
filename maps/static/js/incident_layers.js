// What the map shows of incidents, one thing at a time: density, clusters, significance, or where work waits.

import { byId, number, percent, t } from "./core.js";
import { chanceLayer, measured, setting } from "./chance_layer.js";
import { drawLegend } from "./legend.js";
import { turns } from "./turns.js";

// Pale to dark in one hue: more is darker, also in grey. The first is "none".
const WORK = ["#f4efe4", "#f6d9b0", "#eba667", "#cf6f2e", "#97400f", "#5c2206"];
const SHARES = [0, 0.1, 0.25, 0.5];

// Whole numbers that part 1..top into at most five classes: 1, 2, 5, 10, 20 ...
function steps(top) {
  const size = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000].find((step) => step * 5 >= top) || Math.ceil(top / 5);
  return [0, 1, 2, 3, 4].map((at) => at * size + 1).filter((from) => from <= Math.max(top, 1));
}

function workClasses(grids, shade) {
  if (shade === "overdue") {
    const shares = SHARES.map((from, at) => ({ from, colour: WORK[at + 1], label: at + 1 < SHARES.length ? t("{from} 至 {to}", { from: percent(from), to: percent(SHARES[at + 1]) }) : t("{from} 以上", { from: percent(from) }) }));
    return { none: t("无超时"), classes: shares, value: (grid) => (grid.open ? grid.overdue / grid.open : 0), note: t("超时占未办结的比例") };
  }
  const from = steps(Math.max(...grids.map((grid) => grid.open), 1));
  const label = (at) => {
    const last = at + 1 < from.length ? from[at + 1] - 1 : null;
    return last === null ? t("{n} 件以上", { n: number(from[at]) }) : last === from[at] ? number(last) : t("{from} 至 {to} 件", { from: number(from[at]), to: number(last) });
  };
  return { none: t("无未办结"), classes: from.map((least, at) => ({ from: least, colour: WORK[at + 1], label: label(at) })), value: (grid) => grid.open, note: t("每个网格未办结的件数") };
}

// Colours of grids and the legend that explains them.
export function workColours(grids, shade) {
  const { none, classes, value, note } = workClasses(grids, shade);
  const found = [{ colour: WORK[0], label: none, count: 0 }, ...classes.map((row) => ({ ...row, count: 0 }))];
  const fills = new Map();
  for (const grid of grids) {
    const amount = value(grid);
    const row = amount > 0 ? found[1 + classes.findLastIndex(({ from }) => amount >= from)] : found[0];
    row.count += 1;
    fills.set(grid.grid_code, row.colour);
  }
  return { fills, rows: [{ note }, ...found.map(({ colour, label, count }) => ({ colour, label, value: number(count) }))] };
}

// What the colours of the surface mean: incidents on a square kilometre, or beside the households that live there.
function surfaceLegend({ measure, stops, is_flat: isFlat, max_per_km2: most, mean_per_1000_households: mean }) {
  const ramp = stops.map((stop) => stop.colour);
  if (measure === "count") return isFlat ? [{ note: t("没有符合条件的事件。") }] : [{ ramp, from: "0", to: t("{n} 件/平方公里", { n: number(most) }) }];
  if (!mean) return [{ note: t("没有符合条件的事件。") }];
  const [low, high] = [stops[0].value, stops.at(-1).value].map((value) => (value < 10 ? value.toFixed(1) : number(Math.round(value))));
  return [
    { note: t("每千户件数") },
    { ramp, from: low, to: high },
    { note: t("浅色为平均 {n}；户少处向平均靠拢（经验贝叶斯）", { n: mean.toFixed(1) }) },
    ...(isFlat ? [{ note: t("没有哪处多得超出偶然") }] : []),
  ];
}

export function incidentLayers({ filters, ask, density, grids, findings, hulls, onPlace }) {
  const take = turns(byId("layer-fault"));
  // `key` is what is wanted, `shown` what is on the map: it stays until the other is there.
  const state = { key: filters.get("layer") || "density", shown: null, rows: [], counted: [], all: [] };
  const shade = () => filters.get("shade") || "open";
  const measure = () => filters.get("measure") || "count";

  function tell(rows) {
    state.rows = rows;
    drawLegend(byId("layer-legend"), rows);
  }

  const chance = chanceLayer({ filters, ask, findings, tell, change, onPlace: showFinding });

  // What the panel says in a sentence is shown as it was found.
  function showScan() {
    filters.view({ layer: "hotspots", method: "scan", unit: "" });
    choose("hotspots");
  }

  function showFinding(found) {
    showScan();
    onPlace(found);
  }

  const layers = {
    density: {
      tools: () => [setting(t("按什么比"), measure(), measured(), (value) => change({ measure: value }))],
      async load(signal) {
        const query = { ...filters.query(), measure: measure() === "rate" ? "rate" : "" };
        const drawn = density.set(query);
        const scale = await ask("incidents/density/scale", query, signal);
        await drawn;
        if (!signal.aborted) tell([...surfaceLegend(scale), { note: t("平滑半径 {n} 米", { n: number(scale.bandwidth_m) }) }]);
      },
      hide: density.hide,
    },
    clusters: {
      async load(signal) {
        const found = await ask("incidents/clusters", filters.query(), signal);
        const { eps_m: reach, min_incidents: least } = found.parameters;
        const drawn = hulls.draw(found);
        tell([{ colour: "#1b2426", kind: "line", label: t("聚集区（件数）"), value: number(found.features.length) },
          { note: t("DBSCAN，同类事件 {m} 米内 {n} 件以上", { m: number(reach), n: number(least) }) },
          ...(drawn < found.features.length ? [{ note: t("地图上为最大的 {n} 处", { n: number(drawn) }) }] : [])]);
      },
      hide: hulls.hide,
    },
    hotspots: chance,
    work: {
      tools: () => [setting(t("着色"), shade(), [["open", t("未办结件数")], ["overdue", t("超时占比")]], (value) => change({ shade: value }))],
      async load() {
        place();
        drawWork();
      },
      hide() {
        grids.setFills(new Map());
        place();
      },
    },
  };

  function drawWork() {
    if (state.key !== "work") return;
    // Grids that the filter leaves without an incident have nothing to do: that is told as well.
    const counted = new Set(state.counted.map((grid) => grid.grid_code));
    const idle = state.all.filter((code) => !counted.has(code)).map((code) => ({ grid_code: code, open: 0, overdue: 0 }));
    const { fills, rows } = workColours([...state.counted, ...idle], shade());
    grids.setFills(fills);
    tell(rows);
  }

  // Grids are on the map for their lines, or for what fills them.
  function place() {
    grids.show(byId("show-grids").checked || state.key === "work");
  }

  // A method has its own choices beside it: they are drawn anew with it.
  function change(values) {
    filters.view(values);
    if ("method" in values) drawTools();
    load();
  }

  function drawTools() {
    const { tools } = layers[state.key];
    byId("layer-tools").replaceChildren(...(tools ? tools() : []));
  }

  const load = () => take(async (signal) => {
    const { key } = state;
    await layers[key].load(signal);
    if (signal.aborted) return;
    if (state.shown && state.shown !== key) layers[state.shown].hide();
    state.shown = key;
  });

  function choose(key) {
    state.key = key;
    for (const radio of document.querySelectorAll("#layers input")) radio.checked = radio.value === key;
    drawTools();
    return load();
  }

  byId("layers").addEventListener("change", (event) => {
    filters.view({ layer: event.target.value });
    choose(event.target.value);
  });
  byId("chance-show").addEventListener("click", showScan);
  byId("show-grids").checked = filters.get("lines") !== "0";
  byId("show-grids").addEventListener("change", (event) => {
    filters.view({ lines: event.target.checked ? "" : "0" });
    place();
  });

  return {
    start() {
      place();
      return choose(state.key);
    },
    load,
    loadChance: chance.loadChance,
    // Counts by grid have come: where work waits is drawn from them.
    count(summary) {
      state.counted = summary.grids;
      drawWork();
    },
    // All grids that ever had one, whatever is filtered.
    cover(summary) {
      state.all = summary.grids.map((grid) => grid.grid_code);
      drawWork();
    },
    label: () => document.querySelector("#layers input:checked + span").textContent,
    rows: () => state.rows,
  };
}
