// A plan's life: how far it has come, what may be done next, and by whom it was done.

import { byId, data, get, h, number, Problem, send, t } from "./core.js";
import { patient } from "./download.js";
import { timeWords } from "./edit_words.js";

const STAGES = [["draft", t("草案")], ["submitted", t("提交")], ["approved", t("批准")], ["published", t("发布")]];
const STEP_OF = { submitted: "submit", approved: "approve", published: "publish" };
const REACHED = { draft: 0, returned: 0, submitted: 1, approved: 2, published: 3, superseded: 3 };

// Of each step: its button, the question, its fields, and whether it sends a plan on (or back).
const STEPS = {
  submit: [t("提交审批"), t("提交审批？提交后不能再改，可以撤回。"), ["remark"], true],
  recall: [t("撤回"), t("撤回这个方案，继续修改？"), [], false],
  return: [t("退回方案"), t("退回修改"), ["reason"], false],
  approve: [t("批准"), t("批准方案"), ["document_number"], true],
  publish: [t("发布"), t("发布方案"), ["valid_from", "document_number"], true],
};

const field = (words, input) => h("label", { class: "field" }, words, input);
const FIELDS = {
  remark: () => field(t("说明（可不填）"), h("textarea", { class: "input", name: "remark", rows: 2, maxlength: 2000 })),
  reason: () => field(t("退回原因"), h("textarea", { class: "input", name: "remark", rows: 3, maxlength: 2000, required: true })),
  document_number: ({ known }) => field(t("文号"), h("input", { class: "input", name: "document_number", required: true, maxlength: 120, value: known })),
  valid_from: ({ today }) => field(t("生效日期"), h("input", { class: "input", name: "valid_from", type: "date", required: true, min: today, value: dayAfter(today) })),
};

const dayAfter = (day) => new Date(Date.parse(`${day}T00:00:00Z`) + 86400000).toISOString().slice(0, 10);
const filled = (form) => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));

// `page` holds the plan; `reload(planId)` shows it anew; `show` opens the cards of findings and talk.
export function planLife({ page, today, reload, show }) {
  const box = byId("life");
  let life = null;

  const last = (name) => [...life.steps].reverse().find(({ step }) => step === name);
  const openTalk = () => life.comments.filter(({ settled_at: settled }) => !settled).length;

  function stage(at, [state, words]) {
    const reached = REACHED[life.state];
    const done = last(STEP_OF[state]);
    const isReturned = at === 0 && life.state === "returned";
    const told = at <= reached && done ? `${timeWords(done.at).slice(0, 5)} ${done.actor.replace(/^command:/, "")}` : "";
    return h("li", { class: `stage-step${at <= reached ? " is-done" : ""}${isReturned ? " is-back" : ""}`, "aria-current": at === reached ? "step" : null },
      h("span", {}, isReturned ? t("已退回") : words), h("span", { class: "code" }, told));
  }

  function draw() {
    const talk = openTalk();
    const fault = h("p", { class: "problem-line", role: "alert", hidden: true });
    const failed = (error) => {
      if (!(error instanceof Problem)) throw error;
      fault.textContent = error.message;
      fault.hidden = false;
    };
    const submitted = life.state === "submitted" && last("submit");
    const returned = life.state === "returned" && last("return");
    box.replaceChildren(...[
      h("ol", { class: "stages" }, STAGES.map((one, at) => stage(at, one))),
      returned && h("p", { class: "verdict verdict--alarm" }, `${t("退回原因")}：${returned.remark}`),
      submitted && submitted.remark && h("p", { class: "verdict" }, `${submitted.actor}：${submitted.remark}`),
      h("div", { class: "life__ways" },
        h("button", { class: "button button--small", type: "button", onclick: () => show.findings() }, t("检查")),
        h("a", { class: "button button--small", href: `/dossier?plan=${page.plan.plan_id}` }, t("比对")),
        data.canTake && patient(h("a", { class: "button button--small", href: `/api/v1/plans/${page.plan.plan_id}/package.zip?lang=${data.language}`, download: true, title: t("公告、每个网格的地图、图层、表格和校验值") }, t("成果包")), failed),
        h("button", { class: "button button--small", type: "button", onclick: () => show.talk() }, t("意见与经过"), talk > 0 && h("b", {}, number(talk))),
        h("span", { class: "life__end" }, life.may.map((step) => h("button", { class: `button button--small${STEPS[step][3] ? " button--main" : ""}`, type: "button", onclick: () => ask(step) }, STEPS[step][0])))),
      fault,
    ].filter(Boolean));
    box.hidden = false;
  }

  // What it costs is seen before it is done: until then there is nothing to press.
  async function costOf(place, step, button) {
    if (!STEPS[step][3]) return;
    button.disabled = true;
    place.append(h("p", { class: "section__note" }, t("正在检查…")));
    const { plan_id: id } = page.plan;
    const [found, { totals }] = await Promise.all([get(`plans/${id}/findings`), get(`plans/${id}/dossier`)]);
    const row = (words, value, alarm) => h("div", {}, h("dt", {}, words), h("dd", { class: alarm ? "alarm" : null }, number(value)));
    place.replaceChildren(...[
      h("dl", { class: "facts" }, row(t("错误"), found.errors, found.errors > 0), row(t("提示"), found.warnings), row(t("换网格的户数"), totals.households), row(t("换网格的楼栋"), totals.buildings), row(t("负担变化的网格员"), totals.workers), row(t("待移交事件"), totals.incidents), row(t("未处理意见"), openTalk(), openTalk() > 0)),
      found.errors > 0 && h("p", { class: "problem-line", role: "alert" }, t("{n} 处错误，改正后才能提交", { n: found.errors })),
    ].filter(Boolean));
    button.disabled = found.errors > 0;
  }

  // What it was approved by is what it is published by, unless another number is given.
  const approved = () => last("approve")?.document_number || "";

  function ask(step) {
    const [words, question, fields] = STEPS[step];
    const { plan } = page;
    const problem = h("p", { class: "problem-line", role: "alert", hidden: true });
    const cost = h("div", {});
    const button = h("button", { class: "button button--main", type: "submit" }, words);
    const form = h("form", { method: "dialog" }, h("p", { class: "section__note" }, plan.name), cost, fields.map((name) => FIELDS[name]({ today: today(), known: approved() })), problem,
      h("div", { class: "dialog__ways" }, h("button", { class: "button", type: "button", onclick: () => dialog.close() }, t("取消")), button));
    const dialog = h("dialog", { id: "life-dialog", "aria-labelledby": "life-title" }, h("h2", { id: "life-title" }, question), form);
    const told = (error) => {
      if (!(error instanceof Problem)) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      try {
        await send("POST", `plans/${plan.plan_id}/${step}`, { revision: plan.revision, ...filled(form) });
        dialog.close();
        await reload(plan.plan_id);
      } catch (error) {
        told(error);
      } finally {
        button.disabled = false;
      }
    });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    costOf(cost, step, button).catch((error) => {
      cost.replaceChildren();
      button.disabled = false; // the service examines it once more
      told(error);
    });
  }

  return {
    async open() {
      const { plan_id: id } = page.plan;
      const told = await get(`plans/${id}/life`);
      if (page.plan.plan_id !== id) return;
      life = told;
      draw();
    },
    get told() {
      return life;
    },
  };
}
