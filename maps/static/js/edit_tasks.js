// Edits as tasks of the queue: what is asked of the server, and what becomes of its answers and refusals.

import { data, Problem, t } from "./core.js";
import { NEW } from "./edit_bar.js";
import { editQueue } from "./edit_queue.js";

const [CONFLICT, NOTHING_TO_DO] = [409, 422];

// `state` keeps area and chosen; `load(area)` loads a community anew, `redraw()` draws what is known, `changed(answer)` hears what was done.
export function editTasks({ state, draft, pending, history, say, load, redraw, changed, placeOf }) {
  const queue = editQueue({ draft, changed: redraw, done, refused });

  function accept() {
    if (!pending.isReady) return;
    const { codes, to, count, offer } = pending.now;
    const moves = [...pending.moves()];
    const ids = moves.map(([cell]) => draft().mesh.cells[cell].cell_id);
    const task = taskOf({ codes, to, count, offer, ids });
    // shown at once where it is known what comes of it
    if (moves.length && draft().level === "grids" && moves.every(([, code]) => draft().grids.has(code))) {
      draft().assume(moves);
      task.assumed = moves.map(([, code], at) => [ids[at], code]);
    }
    queue.add({ path: "edits", ...task });
    state.chosen = [];
    say(null);
    pending.clear();
  }

  function taskOf({ codes, to, count, offer, ids }) {
    if (offer) return { body: offer.body };
    if (codes) return { body: draft().ask({ verb: "merge", grid_codes: codes }), again: { codes } };
    return { body: draft().ask({ verb: "move", cells: ids, to: to === NEW ? null : to, ...(count && { households: count }) }), again: { ids, to } };
  }

  function lock(codes, isLocked = codes.some((code) => !draft().grids.get(code).is_locked)) {
    const others = codes.filter((code) => Boolean(draft().grids.get(code).is_locked) !== isLocked);
    if (others.length) queue.add({ path: "edits", body: { verb: isLocked ? "lock" : "unlock", grid_codes: others } });
    else if (!codes.length) say(t("请先选网格"));
  }

  function lockPlan(isLocked) {
    queue.add({ path: "edits", body: { verb: isLocked ? "lock" : "unlock" } });
  }

  function rename(code, name) {
    queue.add({ path: "edits", body: draft().ask({ verb: "rename", grid_codes: [code], name }) });
  }

  // Until the history has come, the server decides.
  function mayTurn(way) {
    const { revision, canUndo, canRedo } = history.log;
    return queue.isBusy || revision !== draft().revision || (way === "undo" ? canUndo : canRedo) !== null;
  }

  function turn(way) {
    if (mayTurn(way)) queue.add({ path: way, body: {} });
    else say(way === "undo" ? t("没有可撤销的了") : t("没有可重做的了"));
  }

  function goBack(to) {
    queue.add({ path: "restore", body: { to } });
  }

  // Whoever is told that grids are locked, or were so already, knows it.
  function knowLocks({ body: { verb, grid_codes: codes } }) {
    if (verb === "lock" || verb === "unlock") draft().mark(codes || draft().codes(), verb === "lock");
  }

  async function done(answer, task, waiting) {
    draft().settle();
    if (!draft().take(answer)) await load(state.area);
    knowLocks(task);
    for (const { assumed = [] } of waiting) draft().assume(assumed.map(([id, code]) => [draft().mesh.indexOf.get(id), code]));
    pending.mend();
    const elsewhere = answer.grids.length && answer.grids.every(({ properties }) => properties.area_code !== state.area);
    changed(answer);
    say(elsewhere ? t("改动在{place}", { place: placeOf(answer.grids[0].properties.area_code) || "" }) : null);
    redraw();
    listen();
  }

  // History follows on its own: an edit that was done is done, whatever becomes of this.
  async function listen() {
    try {
      await history.load();
      redraw();
    } catch (error) {
      tell(error);
    }
  }

  function tell(error) {
    if (!(error instanceof Problem)) throw error;
    say(error.message);
  }

  // A conflict tells what was missed; any other refusal is as the server words it.
  async function refused(error, task) {
    draft().settle();
    const missed = error.status === CONFLICT ? error.body?.missed || [] : [];
    try {
      if (missed.length) await load(state.area);
      if (error.status === NOTHING_TO_DO) knowLocks(task);
      if (task.again && !pending.now) pending.resume(task.again);
      say(missed.length ? t("方案已被改动——{what}。已载入最新内容，请看过再确认。", { what: history.inWords(missed).join(data.language === "en" ? "; " : "；") }) : error.message);
    } catch (problem) {
      tell(problem);
    }
    redraw();
  }

  return {
    accept, lock, lockPlan, rename, refused, turn, mayTurn, goBack, tell,
    idle: queue.idle,
    get isBusy() {
      return queue.isBusy;
    },
  };
}
