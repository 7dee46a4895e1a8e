// The planner's page: a plan's grids on the map and in a table, following each other.

import { BANDS, bandBadge, gauge } from "./band.js";
import { byId, data, debounce, empty, fact, fill, get, h, number, percent, Problem, setAddress, setText, t } from "./core.js";
import { besideCard, card, chosen, fitBox, foldLegendOnPhone, keepInView, openOn } from "./map.js";
import { measuresOfGrid, measuresOfPlan } from "./measures.js";
import { dialogs } from "./plan_dialogs.js";
import { planEditor } from "./plan_editor.js";
import { planFindings } from "./plan_findings.js";
import { planLife } from "./plan_life.js";
import { planTalk } from "./plan_talk.js";
import { sortable } from "./table.js";

const EDITABLE = new Set(["draft", "returned"]);
const STATES = { draft: t("草案"), submitted: t("已提交"), returned: t("已退回"), approved: t("已批准"), superseded: t("已替代") };

function cells(grid) {
  return [
    h("td", {}, h("button", { class: "name", type: "button" }, grid.name), h("span", { class: "code" }, grid.grid_code)),
    h("td", { class: "col-community col-minor" }, grid.community),
    h("td", { class: "number" }, number(grid.households), gauge(grid.households)),
    h("td", {}, bandBadge(grid.band)),
    h("td", { class: "number col-minor" }, number(grid.zones)),
    h("td", { class: "col-worker col-minor" }, grid.worker || h("span", { class: "alarm" }, t("空岗"))),
  ];
}

function certificateOf(exception) {
  const said = exception.certificate;
  const words = typeof said === "string" ? said : exception.detail;
  return h("p", { class: "certificate" }, h("b", {}, t("例外理由")), words || exception.rule, typeof said === "string" && exception.detail && exception.detail !== said ? h("span", { class: "quiet" }, ` ${exception.detail}`) : null);
}

function factsOf(grid) {
  return h(
    "dl",
    { class: "facts" },
    fact(t("户数"), number(grid.households)),
    fact(t("人口"), number(grid.people)),
    fact(t("楼栋"), number(grid.buildings)),
    fact(t("紧凑度"), grid.compactness === null || grid.compactness === undefined ? "–" : Number(grid.compactness).toFixed(2)),
    fact(t("网格员"), grid.worker || h("span", { class: "alarm" }, t("空岗"))),
    fact(t("社区"), grid.community),
  );
}

// What the card says in its own words already.
const SAID = new Set(["households", "people", "in_band", "polsby_popper"]);

function measuresOf(grid) {
  const rows = measuresOfGrid(grid.measures, SAID);
  return rows && h("div", {}, h("p", { class: "sub" }, t("方案指标")), rows);
}

function zonesOf(zones) {
  if (!zones || !zones.length) return null;
  const rows = zones.map((zone) =>
    h("div", { class: "row" }, h("span", {}, h("span", { class: "name" }, zone.name), h("span", { class: "code" }, zone.answerable_unit || t("未定包保单位"))), h("span", { class: "row__value" }, t("{n} 户", { n: number(zone.households) }))),
  );
  return h("div", {}, h("p", { class: "sub" }, t("责任区域与包保单位")), h("div", { class: "rows" }, rows));
}

// The day here, whatever the reader's clock is set to.
const today = () => new Date().toLocaleDateString("sv-SE", { timeZone: "Asia/Shanghai" });

const isInForce = (plan) => Boolean(plan.valid_from) && plan.valid_from <= today() && (!plan.valid_to || plan.valid_to > today());

// What a plan is today: one that another will replace from a later day on is in force until then.
function stateOf(plan) {
  if (isInForce(plan)) return t("现行");
  if (plan.valid_from && plan.valid_from > today()) return t("待生效");
  return STATES[plan.state] || plan.state;
}

const nameOf = (plan) => (isInForce(plan) ? plan.name : `${plan.name} · ${stateOf(plan)}`);

// What to open unasked: of the plans in force today the one with most grids, not one community's newest draft.
function usual(plans) {
  const [widest] = plans.filter(isInForce).sort((a, b) => b.grids - a.grids);
  return widest || plans[0];
}

// The box (west, south, east, north) around all grids.
const wholeOf = (grids) => [0, 1, 2, 3].map((side) => (side < 2 ? Math.min : Math.max)(...grids.map((grid) => grid.bbox[side])));

export function start(map, { ground, grids: tiles }) {
  const page = { plans: [], plan: null, grids: [], byCode: new Map(), report: null, bands: new Set(), chosen: null };
  const outline = chosen(map);
  const table = sortable(byId("grids"), { id: (grid) => grid.grid_code, cells, order: "grid_code", choose: (code) => choose(code, true) });
  const detail = card(() => {
    outline.clear();
    findings.clear();
    table.mark(null);
  });
  const findings = planFindings(map, { page, detail, canMend: () => data.canEdit && EDITABLE.has(page.plan.state), mended: () => loadPlans(page.plan.plan_id) });
  const talk = planTalk(map, { page, detail, life: () => life.told, chosen: () => page.chosen, choose: (code) => choose(code, true), changed: openLife, canSay: data.canSay });
  const life = planLife({ page, today, reload: loadPlans, show: { findings: findings.open, talk: talk.open } });
  foldLegendOnPhone();

  async function openLife() {
    try {
      await life.open();
      talk.draw();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      byId("life").hidden = true;
    }
  }

  async function choose(code, move) {
    const grid = page.byCode.get(code);
    if (!grid) return;
    page.chosen = code;
    table.mark(code);
    if (move) fitBox(map, grid.bbox, besideCard());
    else keepInView(map, grid.bbox);
    const head = [h("h2", {}, grid.name), h("span", { class: "code" }, grid.grid_code)];
    const exceptions = ((page.report && page.report.exceptions) || []).filter((one) => one.grid_code === code).map(certificateOf);
    const more = h("div", {});
    detail.show(head, [h("div", {}, bandBadge(grid.band)), factsOf(grid), measuresOf(grid), ...exceptions, more].filter(Boolean));
    await fill(more, () => get(`plans/${page.plan.plan_id}/grids/${encodeURIComponent(code)}`), (feature) => {
      outline.show(feature);
      const { zones, units } = feature.properties;
      more.replaceChildren(...[zonesOf(zones), units ? h("p", { class: "section__note" }, t("联户单元 {n} 个", { n: number(units) })) : null].filter(Boolean));
    });
  }

  function visible(grid) {
    const words = byId("find").value.trim().toLowerCase();
    const community = byId("community").value;
    if (page.bands.size && !page.bands.has(grid.band)) return false;
    if (community && grid.area_code !== community) return false;
    return !words || [grid.name, grid.grid_code, grid.worker].some((text) => text && text.toLowerCase().includes(words));
  }

  function applyFilter() {
    const rows = page.grids.filter(visible);
    table.set(rows);
    const all = page.grids.map((grid) => grid.grid_code);
    tiles.filter(rows.length === all.length ? null : new Set(rows.map((grid) => grid.grid_code)), all);
    const words = page.grids.length ? t("没有符合条件的网格。") : t("这个方案还没有网格。");
    byId("grids-state").replaceChildren(...(rows.length ? [] : [empty(words)]));
  }

  function drawBands() {
    const count = (band) => page.grids.filter((grid) => grid.band === band).length;
    const chips = BANDS.filter(([band]) => count(band) || band !== "dedicated").map(([band, words]) =>
      h("button", {
        class: "chip", type: "button", "aria-pressed": String(page.bands.has(band)),
        onclick: () => {
          if (!page.bands.delete(band)) page.bands.add(band);
          drawBands();
          applyFilter();
        },
      }, h("span", { class: "dot", swatch: `var(--band-${band})` }), words, h("b", {}, number(count(band)))),
    );
    byId("bands").replaceChildren(...chips);
  }

  function drawSummary() {
    const general = page.grids.filter((grid) => grid.band !== "dedicated");
    setText("sum-grids", number(page.grids.length));
    setText("sum-share", general.length ? percent(general.filter((grid) => grid.band === "within").length / general.length) : "–");
    setText("sum-exceptions", number(page.grids.filter((grid) => grid.exception).length));
    setText("sum-households", number(page.grids.reduce((sum, grid) => sum + grid.households, 0)));
    const rows = measuresOfPlan(page.report.measures);
    byId("measures").hidden = !rows.length;
    byId("measures-of-plan").replaceChildren(...rows);
  }

  function drawPlan() {
    const { plan } = page;
    const badge = byId("plan-state");
    badge.hidden = false;
    badge.textContent = stateOf(plan);
    badge.className = `badge${isInForce(plan) ? " badge--published" : ""}`;
    const parts = [plan.area_name, plan.valid_from && t("{day} 起生效", { day: plan.valid_from }), plan.valid_to && t("{day} 起由新方案代替", { day: plan.valid_to }), t("第 {n} 版", { n: plan.revision }), plan.seed === null || plan.seed === undefined ? null : t("种子 {n}", { n: plan.seed })];
    setText("plan-note", parts.filter(Boolean).join(" · "));
  }

  function clearFilter() {
    page.bands.clear();
    byId("find").value = "";
    byId("community").value = "";
  }

  async function openPlan(planId) {
    if (editor) editor.stop();
    const before = page.plan && page.plan.plan_id;
    page.plan = page.plans.find((plan) => String(plan.plan_id) === String(planId)) || usual(page.plans);
    const isOther = page.plan.plan_id !== before;
    if (isOther) {
      clearFilter();
      page.chosen = null;
      byId("life").replaceChildren();
    }
    byId("plan").value = String(page.plan.plan_id);
    setAddress(`?${new URLSearchParams({ plan: page.plan.plan_id, ...(data.language === "en" ? { lang: "en" } : {}) })}`);
    detail.close();
    drawPlan();
    const address = `/tiles/grids/${page.plan.plan_id}/{z}/{x}/{y}.mvt?v=${encodeURIComponent(page.plan.revision)}`;
    tiles.setTiles(address);
    ground.setGridLabels(null);
    byId("grids").tBodies[0].replaceChildren();
    const load = () => Promise.all([get(`plans/${page.plan.plan_id}`), get(`plans/${page.plan.plan_id}/grids`)]);
    await fill(byId("grids-state"), load, ([plan, { grids }]) => {
      page.report = plan.report;
      page.grids = grids;
      page.byCode = new Map(grids.map((grid) => [grid.grid_code, grid]));
      const unnamed = new Set(grids.filter((grid) => grid.band === "dedicated").map((grid) => grid.grid_code));
      ground.setGridLabels(address, unnamed);
      // Where nobody is registered yet, hatching every grid would only hide the sizes.
      const vacant = grids.filter((grid) => !grid.worker);
      tiles.setVacant(vacant.length < grids.length ? vacant.map((grid) => grid.grid_code) : []);
      const communities = new Map(grids.map((grid) => [grid.area_code, grid.community]));
      const chosenCommunity = byId("community").value;
      byId("community").replaceChildren(h("option", { value: "" }, t("全部社区")), ...[...communities].map(([code, name]) => h("option", { value: code }, name)));
      if (communities.has(chosenCommunity)) byId("community").value = chosenCommunity;
      drawSummary();
      drawBands();
      applyFilter();
      if (grids.length && isOther) openOn(map, wholeOf(grids));
      if (editor) editor.offer();
      openLife();
    });
  }

  async function loadPlans(wanted) {
    await fill(byId("grids-state"), () => get("plans"), ({ plans }) => {
      page.plans = plans;
      byId("grids-state").replaceChildren();
      byId("plan").replaceChildren(...plans.map((plan) => h("option", { value: plan.plan_id }, nameOf(plan))));
      if (!plans.length) {
        byId("plan").hidden = true;
        byId("grids-state").replaceChildren(empty(t("还没有网格方案。")));
        return;
      }
      byId("plan").hidden = false;
      openPlan(wanted || usual(plans).plan_id);
    });
  }

  tiles.onClick((code) => choose(code, false));
  tiles.onHover((grid) => {
    const row = page.byCode.get(grid.grid_code);
    return [t("{n} 户", { n: number(grid.households) }), row && (row.worker || t("空岗"))];
  });
  byId("plan").addEventListener("change", (event) => openPlan(event.target.value));
  byId("find").addEventListener("input", debounce(applyFilter, 120));
  byId("community").addEventListener("change", applyFilter);
  byId("show-zones").addEventListener("change", (event) => tiles.setZones(event.target.checked));
  const editor = data.canEdit ? planEditor(map, { page, ground, tiles, detail, reopen: loadPlans }) : null;
  dialogs({ plan: () => page.plan, reload: loadPlans, edit: () => editor.expect() });
  loadPlans(data.plan);
}
