// Changes of the ground, tried while one draws them: a station, a gate, a footbridge, a street closed.

import { byId, colour, data, h, number, Problem, send, setText, t } from "./core.js";
import { follow, patiently } from "./jobs.js";
import { onPlace, showMap, tip } from "./map.js";

const LABELS = new Map(data.categories.map(({ key, label }) => [key, label]));
const WALKERS = new Map(data.walkers.map(({ key, label }) => [key, label]));
const LONGEST = Math.max(...data.minutes);
// Answers that lay the fault on a change. After any other the change stays, and can be tried again.
const CONFLICT = 409;
const REFUSALS = new Set([400, CONFLICT, 422]);

// The kind that a new station is of, where none was chosen.
const kindOf = (category) => category || data.categories[0].key;

const TOOLS = {
  station: { words: () => t("设站点"), note: ({ category }) => t("点地图放下站点：{category}", { category: LABELS.get(kindOf(category)) }) },
  gate: { words: () => t("开大门"), note: () => t("点小区边界，在那里开一道门") },
  street: { words: () => t("架人行桥"), note: () => t("点起点，再点终点；两端接到附近道路") },
  close: { words: () => t("封闭道路"), note: () => t("点一条道路，此路不再通行") },
};

const wording = (minutes) => (minutes === null ? t("超过 {n} 分钟", { n: LONGEST }) : t("{n} 分钟", { n: minutes }));
const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : "±"}${number(Math.abs(value))}`;
const nameOf = ({ kind, category }) => (category ? `${TOOLS[kind].words()} · ${LABELS.get(category)}` : TOOLS[kind].words());

export const straightNote = () => h("span", { class: "code alarm" }, t("附近无道路，按直线估算"));

export const oldStraightNote = () => h("span", { class: "code" }, t("有现有站点附近无道路，按直线估算"));

// For which kind of station and for whom something was measured.
export const askedWords = ({ category, walker }) => [category ? LABELS.get(category) : t("全部类别"), WALKERS.get(walker)].join(" · ");

// The body of a request: each station of the kind it was placed as.
function groundOf(changes) {
  const of = (kind) => changes.filter((change) => change.kind === kind);
  return {
    stations: of("station").map(({ places: [[lon, lat]], category, name }) => ({ lon, lat, category, name: name || null })),
    gates: of("gate").map(({ places: [place] }) => place),
    streets: of("street").map(({ places }) => places),
    closed_at: of("close").map(({ places: [place] }) => place),
  };
}

// What changes would do, asked one question at a time; `drawn` hears every step.
function trials(state, { asked, drawn, shown, failed, refused }) {
  const known = new Map();
  const turn = { isBusy: false, isOld: false, whole: "", seen: undefined };

  const bodyOf = (changes) => {
    const { category, walker } = asked();
    return { category, walker, ...groundOf(changes.map((change) => ({ ...change, name: null }))) };
  };
  const keyOf = (changes) => JSON.stringify(bodyOf(changes));

  async function ask(changes) {
    const key = keyOf(changes);
    const made = await patiently(send("POST", "reach/trial", bodyOf(changes)));
    known.set(key, made.within);
    return { key, made };
  }

  // The first change that is refused beside those before it is at fault: answers may be slow, and hands fast.
  async function culprit(changes, error) {
    for (let n = 1; n < changes.length; n += 1) {
      const first = changes.slice(0, n);
      try {
        if (!known.has(keyOf(first))) await ask(first);
      } catch (refusal) {
        if (!REFUSALS.has(refusal.status)) throw refusal;
        return [first[n - 1], refusal];
      }
    }
    return [changes[changes.length - 1], error];
  }

  // What each change brings beyond those before it needs the figures without it.
  async function askParts(changes) {
    for (let n = 1; n < changes.length && !turn.isOld; n += 1) {
      const first = changes.slice(0, n);
      try {
        if (!known.has(keyOf(first))) await ask(first);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
      }
    }
  }

  async function askAll(changes) {
    if (changes.length && turn.whole === keyOf(changes)) return;
    turn.whole = "";
    if (!changes.length) {
      shown(null, []);
      return;
    }
    try {
      const { key, made } = await ask(changes);
      if (turn.isOld) return;
      turn.whole = key;
      turn.seen = made.seen;
      shown(made, changes);
    } catch (error) {
      if (!(error instanceof Problem && REFUSALS.has(error.status))) throw error;
      const [change, refusal] = await culprit(changes, error);
      refused(change, refusal);
    }
  }

  async function again() {
    turn.isOld = true;
    if (turn.isBusy) {
      drawn();
      return;
    }
    turn.isBusy = true;
    try {
      while (turn.isOld) {
        turn.isOld = false;
        drawn();
        const changes = [...state.changes];
        await askAll(changes);
        if (!turn.isOld) await askParts(changes);
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      failed(error);
    } finally {
      turn.isBusy = false;
      drawn();
    }
  }

  // What the change at `index` brings within the circle asked about, beyond those before it; null: not known (yet).
  function gain(index) {
    const within = (n) => known.get(keyOf(state.changes.slice(0, n)))?.find(({ minutes }) => minutes === asked().minutes);
    const [before, after] = [index ? within(index)?.after : within(1)?.before, within(index + 1)?.after];
    return before === undefined || after === undefined ? null : after - before;
  }

  return {
    again,
    gain,
    // The ground is another one: nothing that was measured on it holds.
    forget() {
      known.clear();
      turn.whole = "";
    },
    // What the changes were tried upon, where the server tells it: it refuses to save them upon anything else.
    get basis() {
      return turn.seen === undefined ? null : { seen: turn.seen };
    },
    get isBusy() {
      return turn.isBusy;
    },
    get isTried() {
      return !turn.isBusy && state.changes.length > 0 && turn.whole === keyOf(state.changes);
    },
  };
}

// What was changed and what it does, on the map.
function changeMap(map, mark) {
  const pane = map.createPane("effect");
  pane.style.zIndex = 410; // below the changes themselves
  const effect = L.layerGroup().addTo(map);
  const drawn = L.layerGroup().addTo(map);
  const pointer = tip(map);

  function drawStation({ places: [[lon, lat]], category }) {
    const icon = L.divIcon({ className: "pin pin--new", html: mark(category, 26, true), iconSize: [26, 26] });
    L.marker([lat, lon], { icon, interactive: false, keyboard: false, zIndexOffset: 1800 }).addTo(drawn);
  }

  function drawChange(change) {
    if (change.kind === "station") return drawStation(change);
    const points = change.places.map(([lon, lat]) => [lat, lon]);
    const ink = change.kind === "close" ? colour("seal") : colour("accent");
    if (change.kind === "street") return L.polyline(points, { pane: "marks", color: ink, weight: 5, interactive: false }).addTo(drawn);
    return L.circleMarker(points[0], { pane: "marks", radius: 6, color: "#fffefb", weight: 2, fillColor: ink, fillOpacity: 1, interactive: false }).addTo(drawn);
  }

  function drawChanges({ changes, first }) {
    drawn.clearLayers();
    changes.forEach(drawChange);
    if (first) L.circleMarker([first[1], first[0]], { pane: "marks", radius: 5, color: colour("accent"), weight: 3, fill: false, interactive: false }).addTo(drawn);
  }

  function drawEffect(made) {
    effect.clearLayers();
    if (!made) return;
    const ground = { color: colour("seal"), weight: 1.5, fillColor: colour("seal"), fillOpacity: 0.1 };
    L.geoJSON(made.circles, { pane: "sites", style: ground, interactive: false }).addTo(effect);
    L.geoJSON(made.closed, { pane: "marks", style: { color: colour("seal"), weight: 5, dashArray: "2 7" }, interactive: false }).addTo(effect);
    L.geoJSON(made.features, {
      pointToLayer: ({ properties: { before_min: before, after_min: after, households } }, latlng) => {
        const gains = after !== null && (before === null || after < before);
        const dot = L.circleMarker(latlng, { pane: "effect", radius: 4, stroke: false, fillColor: colour(gains ? "accent" : "seal"), fillOpacity: 0.85 });
        dot.on("mouseover", (event) => pointer.show(event.latlng, `${wording(before)} → ${wording(after)}`, t("{n} 户", { n: number(households) })));
        return dot.on("mouseout", () => pointer.hide());
      },
    }).addTo(effect);
  }

  return { drawChanges, drawEffect };
}

const circlesOf = (made) => made.circles.map(({ properties }) => properties);

function drawTable(made, asked) {
  if (!made) return byId("trial").replaceChildren();
  const straight = new Set(circlesOf(made).filter((circle) => circle.is_straight_line).map(({ minutes }) => minutes));
  const heads = [t("服务圈"), t("改前户数"), t("改后户数"), t("变化")].map((words, index) => h("th", { scope: "col", class: index ? "number" : null }, words));
  const body = made.within.map((row) => h("tr", {},
    h("td", {}, t("{n} 分钟内", { n: row.minutes }), straight.has(row.minutes) && straightNote()),
    h("td", { class: "number" }, number(row.before)), h("td", { class: "number" }, number(row.after)),
    h("td", { class: row.after < row.before ? "number alarm" : "number" }, signed(row.after - row.before))));
  return byId("trial").replaceChildren(
    h("p", { class: "section__note" }, askedWords(asked), made.is_straight_line && !straight.size && oldStraightNote()),
    h("table", { class: "table table--plain" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, body)),
  );
}

export function changeTools(map, { asked, mark, saved, measured }) {
  const state = { tool: "", changes: [], first: null, straight: new Set() };
  const { drawChanges, drawEffect } = changeMap(map, mark);
  const trial = trials(state, { asked, drawn, shown, failed, refused });

  // What to do next, or why not: in the panel, and over the map, which is all that a phone shows.
  function say(words) {
    setText("tool-note", words);
    setText("hint", words);
    byId("hint").hidden = !words;
  }

  function rowOf(change, index) {
    const gain = trial.gain(index);
    const told = gain === null ? (trial.isBusy ? "…" : "–") : t("{n} 户", { n: signed(gain) });
    return [
      h("span", { class: "row__rank" }, index + 1),
      h("span", {}, h("span", { class: "name" }, nameOf(change)), h("span", { class: "code" }, [t("{n} 分钟内", { n: asked().minutes }), askedWords(asked())].join(" · ")), state.straight.has(change) && straightNote()),
      h("span", { class: gain < 0 ? "row__value alarm" : "row__value" }, h("b", {}, told)),
    ];
  }

  function drawn() {
    drawChanges(state);
    byId("changes").replaceChildren(...state.changes.map((change, index) => h("li", { class: "change" }, rowOf(change, index),
      h("button", { class: "close", type: "button", "aria-label": t("去掉第 {n} 项", { n: index + 1 }), onclick: () => drop(change) }, "×"))));
    byId("undo").disabled = !state.changes.length && !state.first;
    byId("trial").inert = trial.isBusy;
    if (byId("accept")) byId("accept").disabled = !trial.isTried;
  }

  function shown(made, changes) {
    // Stations, and their circles, come in the order in which they were sent.
    const told = made && (made.stations || circlesOf(made).filter(({ minutes }) => minutes === LONGEST));
    state.straight = new Set(changes.filter(({ kind }) => kind === "station").filter((_, index) => told[index].is_straight_line));
    drawEffect(made);
    drawTable(made, asked());
  }

  function failed(error) {
    drawEffect(null);
    say(error.message);
    const more = h("button", { class: "button button--small", type: "button", onclick: trial.again }, t("再试一次"));
    byId("trial").replaceChildren(h("div", { class: "state state--failed", role: "alert" }, error.message, h("br"), more));
  }

  function refused(change, error) {
    say(`${nameOf(change)} · ${error.message}`);
    drop(change);
  }

  function drop(change) {
    state.changes = state.changes.filter((other) => other !== change);
    trial.again();
  }

  function add(kind, places, category) {
    const change = { kind, places, category: kind === "station" ? kindOf(category) : null };
    const isThere = state.changes.some((other) => JSON.stringify({ ...other, name: undefined }) === JSON.stringify(change));
    if (!isThere) state.changes.push(change);
    trial.again();
  }

  function choose(tool) {
    state.tool = state.tool === tool ? "" : tool;
    state.first = null;
    say(state.tool ? TOOLS[state.tool].note(asked()) : "");
    map.getContainer().classList.toggle("is-drawing", Boolean(state.tool));
    if (state.tool) showMap();
    drawTools();
    drawn();
  }

  // What was drawn is saved: the tool is put down.
  function done() {
    if (state.tool) choose(state.tool);
    say("");
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
      drawn();
      return;
    }
    const places = state.first ? [state.first, place] : [place];
    state.first = null;
    say(TOOLS[state.tool].note(asked()));
    add(state.tool, places, asked().category);
  });

  byId("undo").addEventListener("click", () => {
    if (state.first) state.first = null;
    else state.changes = state.changes.slice(0, -1);
    trial.again();
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && state.tool && !document.querySelector("dialog[open]") && choose(state.tool));
  if (data.canAccept) acceptance(state, { trial, rowOf, done, saved, measured });
  drawTools();

  // The question is another one: what was tried is tried for it, and the tool says what it would place.
  function again() {
    if (state.tool) say(TOOLS[state.tool].note(asked()));
    trial.again();
  }
  return { again, addStation: (place, category) => add("station", [place], category) };
}

// Saving what was tried, as it is listed: stations are named first; then the server measures anew.
function acceptance(state, { trial, rowOf, done, saved, measured }) {
  const box = byId("accept-dialog");
  const problem = byId("accept-problem");
  const button = box.querySelector("[type=submit]");
  const nameField = (change, place) => h("label", { class: "field" }, h("span", {}, t("站点 {n} 的名称", { n: place })),
    h("input", { class: "input", required: true, pattern: ".*\\S.*", maxlength: 80, value: change.name || "", oninput: (event) => { change.name = event.target.value.trim(); } }));

  byId("accept").addEventListener("click", () => {
    problem.hidden = true;
    byId("accept-names").replaceChildren(...state.changes.map((change, index) =>
      h("div", {}, h("div", { class: "change" }, rowOf(change, index)), change.kind === "station" && nameField(change, index + 1))));
    // A station off the streets is saved only where that is meant.
    if (trial.basis && state.straight.size) {
      byId("accept-names").append(h("label", { class: "check" }, h("input", { type: "checkbox", name: "off_street", required: true }), h("span", {}, t("有站点附近无道路，确实设在那里"))));
    }
    box.showModal();
  });
  box.querySelector("[data-close]").addEventListener("click", () => box.close());
  window.addEventListener("beforeunload", (event) => state.changes.length && event.preventDefault());

  async function measuredBy(job) {
    try {
      await follow(job, (share) => setText("accept-note", t("已保存，正在重新测算 {p}%", { p: Math.round((share || 0) * 100) })));
      setText("accept-note", t("已保存并重新测算。"));
      measured();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setText("accept-note", error.message);
    }
  }

  byId("accept-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    const kept = [...state.changes];
    try {
      const meant = byId("accept-form").elements.off_street ? { off_street: true } : null;
      const { job_id: job } = await send("POST", "reach/changes", { ...groundOf(kept), ...trial.basis, ...meant });
      box.close();
      state.changes = state.changes.filter((change) => !kept.includes(change));
      trial.forget();
      trial.again();
      done();
      saved();
      measuredBy(job);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
      if (error.status !== CONFLICT) return;
      // Somebody else changed the ground: what was tried is tried again, to be looked at before it is saved.
      box.close();
      setText("accept-note", error.message);
      trial.forget();
      trial.again();
    } finally {
      button.disabled = false;
    }
  });
}
