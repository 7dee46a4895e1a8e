// Changes of the ground, tried while one draws them: a station, a gate, a footbridge, a street closed.

import { byId, colour, data, h, number, Problem, send, t } from "./core.js";
import { follow } from "./jobs.js";
import { onPlace, tip } from "./map.js";

const TOOLS = {
  station: { words: () => t("设站点"), note: () => t("点地图放下站点") },
  gate: { words: () => t("开大门"), note: () => t("点小区边界，在那里开一道门") },
  street: { words: () => t("架人行桥"), note: () => t("点起点，再点终点；两端接到附近道路") },
  close: { words: () => t("封闭道路"), note: () => t("点一条道路，此路不再通行") },
};

const wording = (minutes) => (minutes === null ? t("走不到") : t("{n} 分钟", { n: minutes }));

export function changeTools(map, { asked }) {
  const drawn = L.layerGroup().addTo(map);
  const effect = L.layerGroup().addTo(map);
  const pointer = tip(map);
  const state = { tool: "", changes: [], first: null, turn: 0 };

  function body() {
    const of = (kind) => state.changes.filter((change) => change.kind === kind);
    const { category, walker } = asked();
    const fallback = category || data.categories[0].key;
    return {
      category, walker,
      stations: of("station").map(({ places: [[lon, lat]], name }) => ({ lon, lat, category: fallback, name: name || null })),
      gates: of("gate").map(({ places: [place] }) => place),
      streets: of("street").map(({ places }) => places),
      closed_at: of("close").map(({ places: [place] }) => place),
    };
  }

  function drawChanges() {
    drawn.clearLayers();
    for (const { kind, places } of state.changes) {
      const points = places.map(([lon, lat]) => [lat, lon]);
      const ink = kind === "close" ? colour("seal") : colour("accent");
      if (kind === "street") L.polyline(points, { pane: "marks", color: ink, weight: 5, interactive: false }).addTo(drawn);
      else L.circleMarker(points[0], { pane: "marks", radius: kind === "station" ? 9 : 6, color: "#fffefb", weight: 2, fillColor: ink, fillOpacity: 1, interactive: false }).addTo(drawn);
    }
    if (state.first) L.circleMarker([state.first[1], state.first[0]], { pane: "marks", radius: 5, color: colour("accent"), weight: 3, fill: false, interactive: false }).addTo(drawn);
    byId("changes").replaceChildren(...state.changes.map(({ kind }, index) => h("li", {}, `${index + 1}. ${TOOLS[kind].words()}`)));
    byId("undo").disabled = !state.changes.length && !state.first;
    if (byId("accept")) byId("accept").disabled = !state.changes.length;
  }

  function drawEffect(made) {
    effect.clearLayers();
    const ground = { color: colour("seal"), weight: 1.5, fillColor: colour("seal"), fillOpacity: 0.1 };
    L.geoJSON(made.circles, { pane: "sites", style: ground, interactive: false }).addTo(effect);
    L.geoJSON(made.closed, { pane: "marks", style: { color: colour("seal"), weight: 5, dashArray: "2 7" }, interactive: false }).addTo(effect);
    L.geoJSON(made.features, {
      pointToLayer: ({ properties: { before_min: before, after_min: after, households } }, latlng) => {
        const gains = after !== null && (before === null || after < before);
        const dot = L.circleMarker(latlng, { pane: "marks", radius: 4, stroke: false, fillColor: colour(gains ? "accent" : "seal"), fillOpacity: 0.85 });
        dot.on("mouseover", (event) => pointer.show(event.latlng, `${wording(before)} → ${wording(after)}`, t("{n} 户", { n: number(households) })));
        return dot.on("mouseout", () => pointer.hide());
      },
    }).addTo(effect);
  }

  function drawTable(made) {
    const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : "±"}${number(Math.abs(value))}`;
    byId("trial").replaceChildren(h("table", { class: "table table--plain" },
      h("thead", {}, h("tr", {}, [t("服务圈"), t("改前户数"), t("改后户数"), t("变化")].map((words, index) => h("th", { scope: "col", class: index ? "number" : null }, words)))),
      h("tbody", {}, made.within.map((row) => h("tr", {}, h("td", {}, t("{n} 分钟内", { n: row.minutes })), h("td", { class: "number" }, number(row.before)), h("td", { class: "number" }, number(row.after)), h("td", { class: row.after < row.before ? "number alarm" : "number" }, signed(row.after - row.before)))))));
  }

  async function again() {
    const mine = ++state.turn;
    drawChanges();
    if (!state.changes.length) {
      effect.clearLayers();
      byId("trial").replaceChildren();
      return;
    }
    try {
      const made = await send("POST", "reach/trial", body());
      if (mine !== state.turn) return;
      drawEffect(made);
      drawTable(made);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (mine !== state.turn) return;
      // What cannot be is taken back, and said.
      state.changes.pop();
      byId("tool-note").textContent = error.message;
      drawChanges();
    }
  }

  function choose(tool) {
    state.tool = state.tool === tool ? "" : tool;
    state.first = null;
    byId("tool-note").textContent = state.tool ? TOOLS[state.tool].note() : "";
    map.getContainer().classList.toggle("is-drawing", Boolean(state.tool));
    drawTools();
    drawChanges();
  }

  function drawTools() {
    byId("tools").replaceChildren(...Object.entries(TOOLS).map(([key, { words }]) =>
      h("button", { class: "chip", type: "button", "aria-pressed": String(state.tool === key), onclick: () => choose(key) }, words())));
  }

  onPlace(map, ({ lng, lat }) => {
    if (!state.tool) return;
    const place = [Number(lng.toFixed(7)), Number(lat.toFixed(7))];
    if (state.tool === "street" && !state.first) {
      state.first = place;
      drawChanges();
      return;
    }
    state.changes.push({ kind: state.tool, places: state.first ? [state.first, place] : [place] });
    state.first = null;
    byId("tool-note").textContent = TOOLS[state.tool].note();
    again();
  });

  byId("undo").addEventListener("click", () => {
    if (state.first) state.first = null;
    else state.changes.pop();
    again();
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && state.tool && choose(state.tool));
  if (data.canAccept) acceptance(state, { body, again });
  drawTools();
  return { again };
}

// Saving what was tried: stations are named first; then the server measures anew.
function acceptance(state, { body, again }) {
  const box = byId("accept-dialog");
  const problem = byId("accept-problem");
  const named = () => state.changes.filter((change) => change.kind === "station");
  byId("accept").addEventListener("click", () => {
    problem.hidden = true;
    byId("accept-names").replaceChildren(...named().map((change, index) =>
      h("label", { class: "field" }, h("span", {}, t("站点 {n} 的名称", { n: index + 1 })), h("input", { class: "input", required: true, maxlength: 80, value: change.name || "", oninput: (event) => { change.name = event.target.value.trim(); } }))));
    box.showModal();
  });
  box.querySelector("[data-close]").addEventListener("click", () => box.close());
  byId("accept-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { stations, gates, streets, closed_at: closed } = body();
    try {
      const { job_id: job } = await send("POST", "reach/changes", { stations, gates, streets, closed_at: closed });
      box.close();
      state.changes = [];
      again();
      await follow(job, (share) => { byId("accept-note").textContent = t("已保存，正在重新测算 {p}%", { p: Math.round((share || 0) * 100) }); });
      byId("accept-note").textContent = t("已保存并重新测算，刷新页面即可看到。");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
      byId("accept-note").textContent = error.message;
    }
  });
}
