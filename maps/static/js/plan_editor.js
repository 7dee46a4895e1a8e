// Edit mode of the planner's page: one community of a draft, its cells on the map and its grids in a list.

import { byId, data, get, h, number, Problem, setAddress, t } from "./core.js";
import { editBar, NEW } from "./edit_bar.js";
import { aroundLayer, cellLayer, screenOf } from "./edit_cells.js";
import { draftOf } from "./edit_draft.js";
import { editHistory } from "./edit_history.js";
import { editKeys, keySheet } from "./edit_keys.js";
import { pendingEdit } from "./edit_pending.js";
import { isOff, problemsOf, vacantOf } from "./edit_problems.js";
import { editQueue } from "./edit_queue.js";
import { editTable } from "./edit_table.js";
import { editToolbar, TOOLS } from "./edit_toolbar.js";
import { mapTools } from "./edit_tools.js";
import { fitBox, tip } from "./map.js";

const EDITABLE = new Set(["draft", "returned"]);
const isNarrow = () => window.matchMedia("(max-width: 760px)").matches;
const [CONFLICT, NOTHING_TO_DO] = [409, 422];
const BESIDE_TOOLS = { paddingTopLeft: [136, 20], paddingBottomRight: [24, 76] }; // px

// `page` holds the plan and its grids; `reopen(planId)` shows it anew, `detail` is the page's card.
export function planEditor(map, { page, ground, tiles, detail, reopen }) {
  const state = { isOn: false, draft: null, area: null, chosen: [], cursor: -1, pointed: null, around: null, asked: 0, wanted: data.editArea };
  const draft = () => state.draft;
  const stage = byId("map").closest(".stage");
  const cells = cellLayer(map);
  const pointer = tip(map);
  const pending = pendingEdit({ draft, changed: redraw, said: (words) => bar.say(words) });
  const tools = mapTools(map, { mesh: () => state.draft.mesh, hear: { point, click: (cell, mode) => pending.click(cell, mode, tools.tool === "pick"), select: pending.select, stroke, rubber: (rubber) => cells.show({ rubber }) } });
  const bar = editBar(stage, { ways: { accept, renew: () => pending.aim(NEW), cancel }, hint: (tool) => TOOLS[tool][3] });
  const toolbar = editToolbar(stage, { use, turn, help });
  const table = editTable({ choose, point: (code) => pointAt(code), lock: (code, isLocked) => lock([code], isLocked), rename });
  const history = editHistory({ draft: () => state.draft || { planId: page.plan.plan_id }, detail, goBack, said: (words) => bar.say(words) });
  const queue = editQueue({ draft, changed: redraw, done, refused });
  const keys = editKeys({ acts: keyActs(), arrow, enter: enterKey, escape, hold: tools.hold });
  let sheet = null;

  function keyActs() {
    const acts = Object.fromEntries(Object.entries(TOOLS).map(([name, [key]]) => [key.toLowerCase(), () => use(name)]));
    return {
      ...acts, x: toggleCursor, g: () => pending.turn(1), "shift+g": () => pending.turn(-1), n: () => pending.aim(NEW), m: merge, F2: () => startRename(),
      k: () => lock(chosenOrPointed()), "shift+k": () => lock(draft().codes()), p: nextProblem, j: history.toggle, c: () => byId("edit-area").focus(), e: leave, "?": help, "shift+?": help,
      "ctrl+z": () => turn("undo"), "ctrl+shift+z": () => turn("redo"), "ctrl+y": () => turn("redo"),
    };
  }

  // What is drawn, all of it, from what is known now.
  function redraw() {
    if (!state.isOn || !draft()) return;
    state.chosen = state.chosen.filter((code) => draft().grids.has(code));
    const { now, to } = pending;
    cells.show({ draft: draft(), selected: pending.cells, target: to, pointed: state.pointed, cursor: state.cursor });
    table.draw({ draft: draft(), chosen: state.chosen, target: to, vacant: vacantOf(draft(), page.grids) });
    bar.draw({ draft: draft(), pending: now, pointed: state.pointed, tool: tools.tool, isBusy: queue.isBusy });
    toolbar.allow(mayTurn("undo"), mayTurn("redo"));
    const rows = [...draft().grids.values()];
    byId("edit-lock").firstChild.textContent = rows.every((row) => row.is_locked) ? t("全部解锁") : t("全部锁定");
    const off = rows.filter(isOff).length;
    byId("edit-sum").replaceChildren(t("{n} 个网格，{m} 户", { n: rows.length, m: number(rows.reduce((sum, { households }) => sum + households, 0)) }), " · ", h("span", { class: off ? "alarm" : null }, off ? t("{n} 个不在规模内", { n: off }) : t("规模都适当")));
    byId("plan-note").textContent = [page.plan.area_name, t("第 {n} 版", { n: draft().revision })].filter(Boolean).join(" · ");
  }

  function use(name) {
    tools.use(name);
    toolbar.mark(name);
    map.getContainer().focus({ preventScroll: true });
    redraw();
  }

  function help() {
    sheet = sheet || keySheet();
    sheet.showModal();
  }

  // Pointing: with the mouse at a cell, at a row, or with the arrow keys.
  function point(cell, event) {
    if (cell < 0) pointer.hide();
    else if (event) tell(cell, map.mouseEventToLatLng(event));
    if (cell === state.cursor) return;
    state.cursor = cell;
    pointAt(cell < 0 ? null : draft().gridOf(cell));
  }

  function pointAt(code) {
    if (!state.isOn) return;
    state.pointed = code;
    cells.show({ pointed: code, cursor: state.cursor });
    bar.draw({ draft: draft(), pending: pending.now, pointed: code, tool: tools.tool, isBusy: queue.isBusy });
  }

  function tell(cell, latlng) {
    const { address, households, people } = draft().mesh.cells[cell];
    pointer.show(latlng, address || draft().shortOf(draft().gridOf(cell)), t("{n} 户", { n: number(households) }) + (people ? ` · ${t("{n} 人", { n: number(people) })}` : ""), address && draft().shortOf(draft().gridOf(cell)));
  }

  function arrow(direction, isMore) {
    if (tools.tool === "hand") return true;
    const { mesh } = draft();
    const screen = screenOf(map, mesh);
    const size = map.getSize();
    const isSeen = (cell) => cell >= 0 && screen.toScreen(mesh.cells[cell].inside).every((value, side) => value > 0 && value < [size.x, size.y][side]);
    const next = isSeen(state.cursor) ? mesh.beside(state.cursor, direction) : mesh.nearest(screen.toPlane([size.x / 2, size.y / 2]));
    if (isMore) pending.select([state.cursor, next].filter((cell) => cell >= 0), "more");
    point(next);
    const place = map.containerPointToLatLng(screen.toScreen(mesh.cells[next].inside));
    map.panInside(place, { padding: [80, 80] });
    return false;
  }

  function toggleCursor() {
    if (state.cursor >= 0) pending.click(state.cursor, "more", true);
  }

  function stroke(found, mode, isFirst) {
    pending.stroke(found, mode, isFirst, state.chosen.length === 1 ? state.chosen[0] : null);
  }

  // The list: a row is a target where cells are selected, else it is chosen.
  function choose(code, isMore) {
    if (pending.now && !pending.now.codes && !isMore) return pending.aim(code);
    if (pending.now?.codes) pending.clear();
    const others = state.chosen.filter((one) => one !== code);
    if (isMore) state.chosen = others.length < state.chosen.length ? others : [...others, code];
    else state.chosen = [code];
    return redraw();
  }

  function enterKey(target) {
    const button = target.closest?.("button, a[href], summary");
    const code = button?.dataset.part === "name" && button.closest("tr").dataset.id;
    if (!pending.now || (button && code !== pending.to)) return true;
    if (pending.isReady) accept();
    else if (state.pointed) pending.aim(state.pointed);
    return false;
  }

  function escape() {
    if (tools.isDragging) tools.cancel();
    else if (!pending.now && !state.chosen.length) return true;
    cancel();
    return false;
  }

  function cancel() {
    state.chosen = [];
    bar.say(null);
    pending.clear();
  }

  // Edits: each is a task of the queue.
  function accept() {
    if (!pending.isReady) return;
    const { codes, cells: chosen, to } = pending.now;
    if (codes) queue.add({ path: "edits", body: { verb: "merge", grid_codes: codes }, again: { codes } });
    else {
      const moving = [...chosen].filter((cell) => draft().gridOf(cell) !== to);
      const ids = moving.map((cell) => draft().mesh.cells[cell].cell_id);
      const assumed = to === NEW ? null : [ids, to];
      if (assumed) draft().assume(moving, to);
      queue.add({ path: "edits", body: { verb: "move", cells: ids, to: to === NEW ? null : to }, assumed, again: { ids, to } });
    }
    state.chosen = [];
    bar.say(null);
    pending.clear();
  }

  const chosenOrPointed = () => {
    const code = table.codeInFocus() || state.pointed;
    return state.chosen.length ? state.chosen : [code].filter(Boolean);
  };

  function lock(codes, isLocked = codes.some((code) => !draft().grids.get(code).is_locked)) {
    const others = codes.filter((code) => Boolean(draft().grids.get(code).is_locked) !== isLocked);
    if (others.length) queue.add({ path: "edits", body: { verb: isLocked ? "lock" : "unlock", grid_codes: others } });
    else if (!codes.length) bar.say(t("请先选网格"));
  }

  function merge() {
    if (state.chosen.length > 1) pending.merge([...state.chosen]);
    else bar.say(t("请先在列表中选两个以上网格（按住 Ctrl 点）"));
  }

  function startRename() {
    const [code] = chosenOrPointed();
    if (code) table.rename(code);
    else bar.say(t("请先选网格"));
  }

  function rename(code, name) {
    queue.add({ path: "edits", body: { verb: "rename", grid_codes: [code], name } });
  }

  // Until the history has come, the server decides.
  function mayTurn(way) {
    const { revision, canUndo, canRedo } = history.log;
    return queue.isBusy || revision !== draft().revision || (way === "undo" ? canUndo : canRedo) !== null;
  }

  function turn(way) {
    if (mayTurn(way)) queue.add({ path: way, body: {} });
    else bar.say(way === "undo" ? t("没有可撤销的了") : t("没有可重做的了"));
  }

  function goBack(to) {
    queue.add({ path: "return", body: { to } });
  }

  // Whoever is told that grids are locked, or were so already, knows it.
  function knowLocks({ body: { verb, grid_codes: codes } }) {
    if (verb === "lock" || verb === "unlock") draft().mark(codes, verb === "lock");
  }

  async function done(answer, task, waiting) {
    draft().settle();
    if (!draft().take(answer)) await load(state.area);
    knowLocks(task);
    for (const { assumed } of waiting) if (assumed) draft().assume(assumed[0].map((id) => draft().mesh.indexOf.get(id)), assumed[1]);
    pending.mend();
    const elsewhere = answer.grids.length && answer.grids.every(({ properties }) => properties.area_code !== state.area);
    bar.say(elsewhere ? t("改动在{place}", { place: communities().get(answer.grids[0].properties.area_code) || "" }) : null);
    redraw();
    listen();
  }

  // History follows on its own: an edit that was done is done, whatever becomes of this.
  async function listen() {
    try {
      await history.load();
      redraw();
    } catch (error) {
      tellProblem(error);
    }
  }

  function tellProblem(error) {
    if (!(error instanceof Problem)) throw error;
    bar.say(error.message);
  }

  async function refused(error, task) {
    const since = draft().revision;
    draft().settle();
    try {
      if (error.status === CONFLICT) await history.load();
      const missed = error.status === CONFLICT ? history.missed(since) : [];
      if (missed.length) await load(state.area);
      if (error.status === NOTHING_TO_DO) knowLocks(task);
      if (task.again && !pending.now) pending.resume(task.again);
      bar.say(missed.length ? t("方案已被改动——{what}。已载入最新内容，请看过再确认。", { what: missed.join(data.language === "en" ? "; " : "；") }) : error.message);
    } catch (problem) {
      tellProblem(problem);
    }
    redraw();
  }

  function nextProblem() {
    const all = problemsOf(draft(), page.grids);
    if (!all.length) return bar.say(t("这个社区没有问题了"));
    const code = all[(all.indexOf(state.chosen[0]) + 1) % all.length];
    state.chosen = [code];
    redraw();
    table.focusOn(code);
    const { bbox } = draft().grids.get(code);
    return bbox && fitBox(map, bbox, BESIDE_TOOLS);
  }

  // Coming and going.
  const communities = () => new Map(page.grids.map(({ area_code: code, community }) => [code, community]));

  function communityInView() {
    const code = table.codeInFocus() || document.querySelector("#grids tr[aria-current]")?.dataset.id;
    if (code && page.byCode.has(code)) return page.byCode.get(code).area_code;
    const { lng, lat } = map.getCenter();
    const away = ({ bbox: [west, south, east, north] }) => Math.hypot((west + east) / 2 - lng, (south + north) / 2 - lat);
    return page.grids.filter(({ bbox }) => bbox).reduce((best, grid) => (away(grid) < away(best) ? grid : best)).area_code;
  }

  // Load a community as it is now; false where another was asked for meanwhile.
  async function load(area) {
    const planId = page.plan.plan_id;
    const mine = (state.asked += 1);
    const { revision } = await history.load();
    const [{ grids }, { features }] = await Promise.all([get(`plans/${planId}/grids`), get(`plans/${planId}/cells`, { area_code: area })]);
    if (mine !== state.asked) return false;
    page.grids = grids;
    const ids = state.area === area && draft() ? pending.ids() : [];
    const { to } = pending;
    Object.assign(state, { area, cursor: -1, pointed: null, draft: draftOf({ planId, area, revision, rows: grids.filter((row) => row.area_code === area), features }) });
    pending.resume({ ids, to });
    return true;
  }

  async function open(area) {
    byId("edit-area").value = area;
    setAddress(`?${new URLSearchParams({ plan: page.plan.plan_id, edit: area, ...(data.language === "en" ? { lang: "en" } : {}) })}`);
    state.chosen = [];
    bar.say(null);
    try {
      if (!(await load(area))) return;
      if (state.around) state.around.remove();
      state.around = aroundLayer(map, { planId: page.plan.plan_id, revision: draft().revision, area });
      const boxes = [...draft().grids.values()].map(({ bbox }) => bbox).filter(Boolean);
      const [west, south, east, north] = [0, 1, 2, 3].map((side) => (side < 2 ? Math.min : Math.max)(...boxes.map((box) => box[side])));
      fitBeside(L.latLngBounds([south, west], [north, east]));
      redraw();
    } catch (error) {
      tellProblem(error);
    }
  }

  // As large as it fits beside the tools, between whole zooms too; the ground is drawn smaller then, never larger and blurred.
  function fitBeside(bounds) {
    map.options.zoomSnap = 0.25;
    const zoom = map.getBoundsZoom(bounds, false, L.point(BESIDE_TOOLS.paddingTopLeft).add(BESIDE_TOOLS.paddingBottomRight));
    map.fitBounds(bounds, { animate: false, maxZoom: zoom % 1 === 0.25 ? zoom - 0.25 : zoom, ...BESIDE_TOOLS });
    map.options.zoomSnap = 1;
  }

  async function enter(area = communityInView()) {
    if (state.isOn || isNarrow()) return;
    state.isOn = true;
    detail.close();
    setMode();
    const known = communities();
    byId("edit-area").replaceChildren(...[...known].map(([code, name]) => h("option", { value: code }, name)));
    tiles.show(false);
    ground.setGridLabels(null);
    await open(known.has(area) ? area : communityInView());
    if (!state.isOn || !draft()) return;
    tools.start();
    keys.start();
    use("pick");
  }

  function setMode() {
    document.body.classList.toggle("is-editing", state.isOn);
    byId("reading").hidden = state.isOn;
    byId("editing").hidden = !state.isOn;
    toolbar.box.hidden = !state.isOn;
    byId("edit").replaceChildren(state.isOn ? t("完成") : t("编辑"), h("kbd", {}, "E"));
    if (!state.isOn) keys.stop();
  }

  function stop() {
    byId("edit").hidden = byId("branch").hidden = true;
    if (!state.isOn) return;
    state.isOn = false;
    state.asked += 1;
    history.close();
    tools.stop();
    cells.hide();
    bar.hide();
    bar.say(null);
    pointer.hide();
    if (state.around) state.around.remove();
    Object.assign(state, { draft: null, around: null, area: null });
    setMode();
    map.setZoom(Math.round(map.getZoom()), { animate: false });
  }

  async function leave() {
    await queue.idle();
    stop();
    reopen(page.plan.plan_id);
  }

  document.addEventListener("keydown", (event) => {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest?.("input, select, textarea, dialog");
    if (state.isOn || event.key.toLowerCase() !== "e" || !isPlain || document.querySelector("dialog[open]") || isNarrow()) return;
    [byId("edit"), byId("branch")].find((button) => !button.hidden)?.click();
  });
  byId("edit").addEventListener("click", () => (state.isOn ? leave() : enter()));
  byId("edit-area").addEventListener("change", ({ target }) => {
    pending.clear();
    target.blur();
    open(target.value);
  });
  byId("edit-next").addEventListener("click", nextProblem);
  byId("edit-history").addEventListener("click", history.toggle);
  byId("edit-lock").addEventListener("click", () => lock(draft().codes()));

  return {
    stop,
    // The plan that is shown now may be edited, or a draft begun from it.
    offer() {
      const isDraft = EDITABLE.has(page.plan.state) && page.grids.length > 0;
      byId("edit").hidden = !isDraft;
      byId("branch").hidden = EDITABLE.has(page.plan.state);
      const { wanted } = state;
      state.wanted = null;
      if (isDraft && wanted !== null) enter(wanted || undefined);
    },
    // Edit the plan that is opened next.
    expect() {
      state.wanted = "";
    },
  };
}
