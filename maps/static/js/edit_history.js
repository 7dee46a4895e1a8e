// What was done to the draft, by whom and when: names for points, and ways back.

import { byId, get, h, Problem, send, t } from "./core.js";
import { operationWords, timeWords, undone } from "./edit_words.js";

// `goBack(revision)` asks for the plan as it was; `detail` is the page's card.
export function editHistory({ draft, detail, goBack, said }) {
  const log = { planId: null, revision: 0, first: 0, operations: [], points: [], canUndo: null, canRedo: null };
  let isShown = false;

  async function load() {
    const { planId } = draft();
    if (log.planId !== planId) Object.assign(log, { planId, revision: 0, operations: [], points: [] });
    const told = await get(`plans/${planId}/history`, { since: log.revision });
    const known = log.revision;
    log.operations.push(...told.operations.filter(({ revision }) => revision > known));
    Object.assign(log, { revision: told.revision, first: told.first_revision, points: told.points, canUndo: told.can_undo, canRedo: told.can_redo });
    if (isOpen()) show();
    return log;
  }

  const isOpen = () => isShown && !byId("detail").hidden;

  function rowOf(operation, gone) {
    const { revision, actor, at } = operation;
    const names = log.points.filter((point) => point.revision === revision).map(({ name }) => h("span", { class: "badge" }, name));
    const words = operationWords(operation, draft().nameOf);
    return h("li", { class: `edit-step${operation.kind === "edit" ? "" : " quiet"}` },
      h("span", {}, gone.has(revision) ? h("s", {}, words) : words, names, h("span", { class: "code" }, t("第 {n} 版", { n: revision }), ` · ${actor} · ${timeWords(at)}`)),
      back(revision));
  }

  const back = (revision) => revision !== log.revision && h("button", { class: "link", type: "button", onclick: () => goBack(revision) }, t("回到"));

  const first = () => h("li", { class: "edit-step" },
    h("span", {}, t("起点"), log.points.filter(({ revision }) => revision === log.first).map(({ name }) => h("span", { class: "badge" }, name)), h("span", { class: "code" }, t("第 {n} 版", { n: log.first }))),
    back(log.first));

  async function name(event) {
    event.preventDefault();
    const { elements } = event.target;
    try {
      await send("POST", `plans/${draft().planId}/points`, { revision: draft().revision, name: elements.point.value });
      await load();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      said(error.message);
    }
  }

  function show() {
    const gone = undone(log.operations);
    const form = h("form", { class: "edit-point", onsubmit: name },
      h("input", { class: "input", name: "point", required: true, maxlength: 80, placeholder: t("给现在起个名字"), "aria-label": t("给现在起个名字"), autocomplete: "off" }),
      h("button", { class: "button button--small", type: "submit" }, t("命名")));
    const rows = [...log.operations].reverse().map((operation) => rowOf(operation, gone));
    detail.show([h("h2", {}, t("历史"))], [form, h("ol", { class: "edit-steps" }, rows, first())]);
    isShown = true;
  }

  return {
    load,
    log,
    toggle() {
      if (isOpen()) detail.close();
      else show();
    },
    close() {
      if (isOpen()) detail.close();
      isShown = false;
    },
    // What others did, in words.
    inWords: (operations) => operations.map((one) => `${one.actor} ${operationWords(one, draft().nameOf)}`),
  };
}
