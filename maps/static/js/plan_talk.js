// What was said about a plan and done with it, the last first; comments are pinned to grids.

import { byId, h, Problem, send, t } from "./core.js";
import { timeWords } from "./edit_words.js";

const STEPS = { submit: t("提交审批"), recall: t("撤回"), return: t("退回方案"), approve: t("批准"), publish: t("发布") };

// `life()` is what is known; `chosen()` the grid that is looked at, if any; `changed` learns it anew.
export function planTalk(map, { page, detail, life, chosen, choose, changed, canSay }) {
  const pins = L.layerGroup().addTo(map);
  let isShown = false;

  const nameOf = (code) => (page.byCode.has(code) ? page.byCode.get(code).name : code);

  function drawPins() {
    pins.clearLayers();
    const open = new Map();
    for (const { grid_code: code, settled_at: settled } of life().comments) if (code && !settled) open.set(code, (open.get(code) || 0) + 1);
    for (const [code, count] of open) {
      const grid = page.byCode.get(code);
      if (!grid || !grid.bbox) continue;
      const [west, south, east, north] = grid.bbox;
      const words = t("{grid}有 {n} 条意见", { grid: grid.name, n: count });
      const icon = L.divIcon({ className: "talk-pin", html: h("span", {}, String(count)), iconSize: [28, 28] });
      pins.addLayer(L.marker([(south + north) / 2, (west + east) / 2], { icon, pane: "marks", title: words, alt: words }).on("click", () => choose(code)));
    }
  }

  async function act(path, body, place) {
    try {
      await send("POST", `plans/${page.plan.plan_id}/${path}`, body);
      await changed();
      show();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      place.append(h("p", { class: "problem-line", role: "alert" }, error.message));
    }
  }

  function commentRow(one) {
    const place = h("li", { class: `talk${one.settled_at ? " quiet" : ""}` },
      one.grid_code && h("button", { class: "link", type: "button", onclick: () => choose(one.grid_code) }, nameOf(one.grid_code)),
      h("p", {}, one.words),
      h("span", { class: "code" }, `${one.actor} · ${timeWords(one.at)}`, one.settled_at && " · ", one.settled_at && t("{who} 已处理", { who: one.settled_by })));
    if (canSay && !one.settled_at) place.append(h("button", { class: "button button--small", type: "button", onclick: () => act(`comments/${one.comment_id}/settle`, undefined, place) }, t("已处理")));
    return place;
  }

  const stepRow = (one) => h("li", { class: "talk talk--step" },
    h("b", {}, STEPS[one.step], one.valid_from && ` · ${t("{day} 起生效", { day: one.valid_from })}`), one.document_number && h("span", { class: "code" }, one.document_number),
    one.remark && h("p", {}, one.remark),
    h("span", { class: "code" }, [one.actor, timeWords(one.at), t("第 {n} 版", { n: one.revision }), one.errors !== null && t("{n} 处错误，{m} 处提示", { n: one.errors, m: one.warnings })].filter(Boolean).join(" · ")));

  function form() {
    const pinned = chosen();
    const words = h("textarea", { class: "input", name: "words", rows: 2, maxlength: 2000, required: true, placeholder: pinned ? t("对{grid}的意见", { grid: nameOf(pinned) }) : t("对整个方案的意见；先点一个网格，就钉在那里"), "aria-label": t("意见") });
    const place = h("form", { class: "talk-form", onsubmit: (event) => {
      event.preventDefault();
      act("comments", { grid_code: pinned, words: words.value }, place);
    } }, words, h("button", { class: "button button--small button--main", type: "submit" }, t("提意见")));
    return place;
  }

  function show() {
    const { steps, comments } = life();
    const rows = [...steps.map((one) => [one.at, stepRow(one)]), ...comments.map((one) => [one.at, commentRow(one)])].sort(([a], [b]) => (a < b ? 1 : -1));
    detail.show([h("h2", {}, t("意见与经过"))], [canSay && form(), rows.length ? h("ol", { class: "talks" }, rows.map(([, row]) => row)) : h("p", { class: "state" }, t("还没有意见，也没有提交过。"))].filter(Boolean));
    isShown = true;
  }

  return {
    open: show,
    draw() {
      drawPins();
      if (isShown && !byId("detail").hidden && byId("detail-head").textContent === t("意见与经过")) show();
    },
  };
}
