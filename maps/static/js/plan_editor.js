// Edit mode of the planner's page: one community of a draft, its cells on the map and its grids in a list.

import { byId, data, get, h, number, setAddress, t } from "./core.js";
import { editActs } from "./edit_acts.js";
import { editBar, NEW } from "./edit_bar.js";
import { borderDrag } from "./edit_border.js";
import { aroundLayer, cellLayer } from "./edit_cells.js";
import { planDeletion } from "./edit_delete.js";
import { draftOf } from "./edit_draft.js";
import { editHistory } from "./edit_history.js";
import { editKeys, keySheet } from "./edit_keys.js";
import { editOffers } from "./edit_offers.js";
import { LEVELS } from "./edit_levels.js";
import { pendingEdit } from "./edit_pending.js";
import { editPointer } from "./edit_pointer.js";
import { isOff, problemsOf, tornOf, vacantOf } from "./edit_problems.js";
import { editTable } from "./edit_table.js";
import { editTasks } from "./edit_tasks.js";
import { editToolbar, TOOLS } from "./edit_toolbar.js";
import { mapTools } from "./edit_tools.js";
import { fitBox } from "./map.js";

const EDITABLE = new Set(["draft", "returned"]);
const isNarrow = () => window.matchMedia("(max-width: 760px)").matches;
const BESIDE_TOOLS = { paddingTopLeft: [136, 20], paddingBottomRight: [24, 76] }; // px

// `page` holds the plan and its grids; `reopen(planId)` shows it anew, `detail` is the page's card.
export function planEditor(map, { page, ground, tiles, detail, reopen }) {
  const state = { isOn: false, isAsking: false, level: "grids", draft: null, area: null, chosen: [], cursor: -1, pointed: null, around: null, asked: 0, wanted: data.editArea };
  const draft = () => state.draft;
  const stage = byId("map").closest(".stage");
  const cells = cellLayer(map);
  const say = (words) => bar.say(words);
  const pending = pendingEdit({ draft, changed: redraw, said: say });
  const pointer = editPointer(map, { state, draft, isHand: () => tools.tool === "hand", select: (some) => pending.select(some, "more"), shown: redrawPointed });
  const border = borderDrag(map, { draft, pending, say });
  const tools = mapTools(map, { mesh: () => state.draft.mesh, hear: {
    point: pointer.point, click: (cell, mode) => pending.click(cell, mode, tools.tool === "pick"), select: pending.select, stroke, line: (points) => acts.line(points),
    rubber: (rubber, isOpen) => cells.show({ rubber, isOpen }), press, sweep: border.sweep, rest: border.rest,
  } });
  const history = editHistory({ draft: () => state.draft || { planId: page.plan.plan_id }, detail, goBack: (revision) => tasks.goBack(revision), said: say });
  const tasks = editTasks({ state, draft, pending, history, say, load, redraw, changed, placeOf: (area) => communities().get(area) });
  const choices = {
    show(head, body) {
      history.close();
      detail.show(head, body);
    },
  };
  const offers = editOffers({ draft, pending, card: choices, say, settled: tasks.idle, refused: tasks.refused, busy });
  const bar = editBar(stage, { ways: { accept, renew: () => pending.aim(NEW), cancel, deal: pending.deal }, hint: (tool) => TOOLS[tool][3] });
  const toolbar = editToolbar(stage, { use, turn: tasks.turn, help });
  const table = editTable({ choose, point: pointer.pointAt, lock: (code, isLocked) => tasks.lock([code], isLocked), rename: tasks.rename });
  const acts = editActs({ state, page, draft, pending, tasks, offers, table, say });
  const keys = editKeys({ acts: keyActs(), arrow: pointer.arrow, enter: enterKey, escape, hold: tools.hold });
  let sheet = null;

  function keyActs() {
    const tooled = Object.fromEntries(Object.entries(TOOLS).map(([name, [key]]) => [key.toLowerCase(), () => use(name)]));
    return {
      ...tooled, ...acts.keys, x: toggleCursor, g: () => pending.turn(1), "shift+g": () => pending.turn(-1), n: () => pending.aim(NEW), p: nextProblem, j: history.toggle, c: () => byId("edit-area").focus(), q: nextLevel, e: leave, "?": help, "shift+?": help,
      "ctrl+z": () => tasks.turn("undo"), "ctrl+shift+z": () => tasks.turn("redo"), "ctrl+y": () => tasks.turn("redo"),
    };
  }

  // What is drawn, all of it, from what is known now.
  function redraw() {
    if (!state.isOn || !draft()) return;
    state.chosen = state.chosen.filter((code) => draft().grids.has(code));
    const { now, to } = pending;
    const moves = pending.moves();
    cells.show({ draft: draft(), selected: now?.cells || new Set(), moves, target: to, pointed: state.pointed, cursor: state.cursor });
    table.draw({ draft: draft(), chosen: state.chosen, target: to, moves, vacant: vacantOf(draft(), page.grids), planned: page.grids, count: now?.count });
    drawBar();
    toolbar.allow(tasks.mayTurn("undo"), tasks.mayTurn("redo"));
    const rows = [...draft().grids.values()];
    byId("edit-lock").firstChild.textContent = rows.every((row) => row.is_locked) ? t("全部解锁") : t("全部锁定");
    const off = rows.filter(isOff).length;
    byId("edit-sum").replaceChildren(...sumOf(rows, off));
    byId("plan-note").textContent = [page.plan.area_name, t("第 {n} 版", { n: draft().revision })].filter(Boolean).join(" · ");
  }

  function sumOf(rows, off) {
    const sum = number(rows.reduce((all, { households }) => all + households, 0));
    const vacant = vacantOf(draft(), page.grids).size;
    const torn = tornOf(draft()).length;
    if (state.level === "units") return [t("{n} 个联户单元，{m} 户", { n: rows.length, m: sum })];
    if (state.level === "zones") return [t("{n} 个责任区域，{m} 户", { n: rows.length, m: sum }), " · ", h("span", { class: vacant ? "alarm" : null }, t("{n} 个没有包保单位", { n: vacant }))];
    return [t("{n} 个网格，{m} 户", { n: rows.length, m: sum }), " · ", h("span", { class: off ? "alarm" : null }, off ? t("{n} 个不在规模内", { n: off }) : t("规模都适当")), ...(torn ? [" · ", h("span", { class: "alarm" }, t("{n} 个分成几块", { n: torn }))] : [])];
  }

  // The same ground, other lines on it; what was pending on those before is not any more.
  function setLevel(level) {
    cancel();
    state.level = level;
    for (const button of document.querySelectorAll("[data-level]")) if (button.tagName === "BUTTON") button.setAttribute("aria-pressed", String(button.dataset.level === level));
    if (state.isOn) load(state.area).then(redraw, tasks.tell);
  }

  function nextLevel() {
    const all = Object.keys(LEVELS);
    setLevel(all[(all.indexOf(state.level) + 1) % all.length]);
  }

  function use(name) {
    say(null);
    tools.use(name);
    toolbar.mark(name);
    map.getContainer().focus({ preventScroll: true });
    redraw();
  }

  function help() {
    sheet = sheet || keySheet();
    sheet.showModal();
  }

  function redrawPointed() {
    cells.show({ pointed: state.pointed, cursor: state.cursor });
    drawBar();
  }

  function drawBar() {
    bar.draw({ draft: draft(), pending: pending.now, pointed: state.pointed, tool: tools.tool, isBusy: tasks.isBusy || state.isAsking });
  }

  function busy(isAsking) {
    state.isAsking = isAsking;
    if (draft()) drawBar();
  }

  function toggleCursor() {
    if (state.cursor >= 0) pending.click(state.cursor, "more", true);
  }

  function press(place, radius) {
    pointer.hide();
    return border.press(place, radius);
  }

  function stroke(found, mode, isFirst) {
    pending.stroke(found, mode, isFirst, state.chosen.length === 1 ? state.chosen[0] : null);
  }

  // The list: a row is a target where cells are selected, else it is chosen.
  function choose(code, isMore) {
    say(null);
    if (pending.now?.to !== undefined && !isMore) return pending.aim(code);
    if (pending.now) pending.clear();
    const others = state.chosen.filter((one) => one !== code);
    if (isMore) state.chosen = others.length < state.chosen.length ? others : [...others, code];
    else state.chosen = [code];
    return redraw();
  }

  function enterKey(target) {
    const button = target.closest?.("button, a[href], summary");
    const code = button?.dataset.part === "name" && button.closest("tr").dataset.id;
    // what is offered is accepted from wherever it was asked for
    const isAsker = (pending.now?.offer || pending.now?.codes) && (button?.closest("#editing") || button?.getAttribute("aria-pressed") === "true");
    if (!pending.now || (button && !isAsker && code !== pending.to)) return true;
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
    say(null);
    offers.drop();
    closeChoices();
    pending.clear();
  }

  function accept() {
    tasks.accept();
    closeChoices();
  }

  function closeChoices() {
    if (byId("edit-choices") && !byId("detail").hidden) detail.close();
  }

  // What was done is known of the other communities, too.
  function changed({ grids, removed }) {
    const gone = new Set(removed);
    const told = new Map(grids.map(({ properties }) => [properties.grid_code, properties]));
    page.grids = page.grids.filter(({ grid_code: code }) => !gone.has(code)).map((row) => ({ ...row, ...told.get(row.grid_code), bbox: told.get(row.grid_code)?.bbox || row.bbox }));
  }

  function nextProblem() {
    const problems = problemsOf(draft(), page.grids);
    const all = [...problems.keys()];
    if (!all.length) return bar.say(t("这个社区没有问题了"), true);
    const code = all[(all.indexOf(state.chosen[0]) + 1) % all.length];
    state.chosen = [code];
    redraw();
    say(problems.get(code));
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
    const { level } = state;
    const [{ grids }, { features }, parts] = await Promise.all([get(`plans/${planId}/grids`), get(`plans/${planId}/cells`, { area_code: area }), level === "grids" ? null : get(`plans/${planId}/parts`, { area_code: area })]);
    if (mine !== state.asked) return false;
    page.grids = grids;
    const ids = state.area === area && draft()?.level === level ? pending.ids() : [];
    const { to } = pending;
    Object.assign(state, { area, cursor: -1, pointed: null, draft: draftOf({ planId, area, revision, level, parts, rows: grids.filter((row) => row.area_code === area), features }) });
    pending.resume({ ids, to });
    return true;
  }

  async function open(area) {
    byId("edit-area").value = area;
    setAddress(`?${new URLSearchParams({ plan: page.plan.plan_id, edit: area, ...(data.language === "en" ? { lang: "en" } : {}) })}`);
    state.chosen = [];
    say(null);
    byId("editing").classList.toggle("loading", draft()?.area !== area);
    try {
      if (!(await load(area))) return;
      if (state.around) state.around.remove();
      state.around = aroundLayer(map, { planId: page.plan.plan_id, revision: draft().revision, area });
      const boxes = page.grids.filter((row) => row.area_code === area).map(({ bbox }) => bbox).filter(Boolean);
      const [west, south, east, north] = [0, 1, 2, 3].map((side) => (side < 2 ? Math.min : Math.max)(...boxes.map((box) => box[side])));
      fitBeside(L.latLngBounds([south, west], [north, east]));
      redraw();
    } catch (error) {
      tasks.tell(error);
    } finally {
      if (state.area === area || !state.isOn) byId("editing").classList.remove("loading");
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
    map.invalidateSize({ animate: false }); // the panel may be wider for the columns of the editor
    byId("edit").replaceChildren(state.isOn ? t("完成") : t("编辑"), h("kbd", {}, "E"));
    if (!state.isOn) keys.stop();
  }

  function stop() {
    byId("edit").hidden = byId("branch").hidden = true;
    if (!state.isOn) return;
    state.isOn = false;
    state.asked += 1;
    history.close();
    offers.drop();
    closeChoices();
    border.rest();
    tools.stop();
    cells.hide();
    bar.hide();
    say(null);
    pointer.hide();
    if (state.around) state.around.remove();
    Object.assign(state, { draft: null, around: null, area: null });
    setMode();
    map.setZoom(Math.round(map.getZoom()), { animate: false });
  }

  planDeletion({
    plan: () => page.plan, revision: () => draft().revision, settled: tasks.idle,
    gone() {
      stop();
      reopen();
    },
  });

  async function leave() {
    await tasks.idle();
    stop();
    reopen(page.plan.plan_id);
  }

  document.addEventListener("keydown", (event) => {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest?.("input, select, textarea, dialog[open]");
    if (state.isOn || event.key.toLowerCase() !== "e" || !isPlain || document.querySelector("dialog[open]") || isNarrow()) return;
    event.preventDefault(); // or the letter is written into the dialog that opens
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
  for (const button of document.querySelectorAll("button[data-level]")) button.addEventListener("click", () => setLevel(button.dataset.level));
  const more = byId("edit-more");
  const showMore = () => {
    byId("edit-grids").classList.toggle("is-more", more.checked);
    map.invalidateSize({ animate: false });
  };
  more.checked = window.matchMedia("(min-width: 1400px)").matches;
  more.addEventListener("change", showMore);
  showMore();

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
