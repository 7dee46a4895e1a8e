// The dossier page: what a plan changes, in sums, in rows for those who have to act, and on two sides of a map.

import { byId, data, empty, fill, get, h, number, Problem, s, setAddress, setText, t } from "./core.js";
import { patient } from "./download.js";
import { twoSides } from "./dossier_maps.js";
import { foldLegendOnPhone } from "./map.js";

const SHOWN = 300;
const STATES = { altered: t("调整"), new: t("新设"), retired: t("撤销") };
const arrowIcon = () => s("svg", { class: "icon", viewBox: "0 0 24 24", width: 16, height: 16, "aria-hidden": "true" }, s("path", { d: "M5 12h13m-5-5 5 5-5 5", fill: "none", stroke: "currentColor", "stroke-width": 1.8 }));

const grid = (name, code, worker) => h("span", {}, h("span", { class: "name" }, name || "–"), h("span", { class: `code${worker ? "" : " alarm"}` }, worker || t("空岗")), h("span", { class: "code" }, code));
const way = (row) => [h("td", {}, grid(row.from_name, row.from_grid, row.from_worker)), h("td", {}, h("div", { class: "way" }, arrowIcon(), grid(row.to_name, row.to_grid, row.to_worker)))];
const cell = (value) => h("td", { class: "number" }, number(value));
const change = (before, after) => h("td", { class: "number" }, `${number(before)} → ${number(after)}`);
const parts = (some) => some.map(({ name, households }) => h("div", {}, `${name} `, h("span", { class: "quiet" }, t("{n} 户", { n: number(households) }))));

// Of each table: its name, its heads (number columns marked), and the cells of a row.
const TABLES = {
  moves: [t("谁换到哪里"), [t("原网格"), t("现网格"), [t("楼栋")], [t("户数")], [t("事件")]], (row) => [...way(row), cell(row.buildings), cell(row.households), cell(row.incidents)]],
  grids: [t("网格"), [t("网格"), t("变化"), t("网格员"), [t("户数")]], (row) => [h("td", {}, h("span", { class: "name" }, row.name), h("span", { class: "code" }, row.grid_code)), h("td", {}, STATES[row.state]), h("td", {}, row.worker || h("span", { class: "alarm" }, t("空岗"))), change(row.households_before, row.households_after)]],
  workers: [t("网格员"), [t("网格员"), t("网格"), [t("负担（户）")]], (row) => [h("td", {}, row.name), h("td", {}, row.grids.map((code) => h("span", { class: "code" }, code))), change(row.households_before, row.households_after)]],
  buildings: [t("楼栋"), [t("地址"), t("原网格"), t("现网格"), [t("户数")]], (row) => [h("td", {}, row.address || row.building_id, !row.is_whole && h("span", { class: "code" }, t("部分单元"))), h("td", {}, row.from_name), h("td", {}, row.to_name), cell(row.households)]],
  stations: [t("站点"), [t("站点"), t("调整前"), t("调整后")], (row) => [h("td", {}, h("span", { class: "name" }, row.name), h("span", { class: "code" }, `${row.category_label} · ${t("步行 {n} 分钟以内", { n: row.minutes })}`)), h("td", {}, parts(row.before)), h("td", {}, parts(row.after))]],
  incidents: [t("待移交事件"), [t("事件"), t("原网格"), t("现网格"), t("办理时限")], (row) => [h("td", {}, `#${row.incident_id}`, h("span", { class: "code" }, row.category_label)), h("td", {}, row.from_name), h("td", {}, row.to_name), h("td", {}, row.due_at ? row.due_at.slice(0, 10) : "–")]],
};

const TODO = { doorplates: t("重印门牌"), notice_boards: t("重印公示牌"), incidents: t("移交未办结事件"), stations: t("告知服务站点"), compounds: t("告知小区"), grids_new: t("新设网格"), grids_retired: t("撤销网格"), border_new_m: t("新增边界（米）") };

export function start(map) {
  const page = { plan: null, dossier: null, tab: "moves" };
  const sides = twoSides(map, data.view);
  foldLegendOnPhone();

  const query = () => ({ base: byId("base").value });

  function drawSums({ totals }) {
    for (const name of ["households", "buildings", "workers", "incidents"]) setText(`sum-${name}`, number(totals[name]));
    byId("todo").replaceChildren(...Object.entries(TODO).map(([name, words]) => h("div", {}, words, h("b", {}, number(totals[name])))));
  }

  function drawTabs() {
    byId("tabs").replaceChildren(...Object.entries(TABLES).map(([name, [words]]) =>
      h("button", { class: "chip", type: "button", role: "tab", "aria-selected": String(name === page.tab), "aria-pressed": String(name === page.tab), onclick: () => openTab(name) }, words, h("b", {}, number(page.dossier[name].length)))));
  }

  function openTab(name) {
    page.tab = name;
    drawTabs();
    const rows = page.dossier[name];
    const [, heads, cells] = TABLES[name];
    if (!rows.length) return byId("rows").replaceChildren(empty(t("这一项没有变化。")));
    const head = h("tr", {}, heads.map((words) => (Array.isArray(words) ? h("th", { scope: "col", class: "number" }, words[0]) : h("th", { scope: "col" }, words))));
    const lines = rows.slice(0, SHOWN).map((row) => h("tr", { tabindex: row.from_grid ? 0 : null, onclick: () => choose(row), onkeydown: ({ key }) => key === "Enter" && choose(row) }, cells(row)));
    const more = rows.length > SHOWN && h("p", { class: "more" }, t("另有 {n} 行，请看 Excel", { n: number(rows.length - SHOWN) }));
    return byId("rows").replaceChildren(...[h("table", { class: `table${rows[0].from_grid ? "" : " table--plain"}` }, h("thead", {}, head), h("tbody", {}, lines)), more].filter(Boolean));
  }

  function choose(row) {
    if (row.from_grid && row.to_grid) sides.choose(row.from_grid, row.to_grid);
  }

  function told({ from_grid: from, to_grid: to, households }) {
    const found = page.dossier.moves.find((row) => row.from_grid === from && row.to_grid === to);
    return [`${found ? found.from_name : from} → ${found ? found.to_name : to}`, t("{n} 户", { n: number(households) })];
  }

  function show(dossier) {
    page.dossier = dossier;
    byId("dossier").hidden = false;
    byId("dossier-state").replaceChildren();
    setText("plan-name", dossier.plan.name);
    const isFirst = dossier.totals.first_households > 0;
    setText("dossier-note", [
      dossier.is_frozen ? t("提交或发布时定格，{day}", { day: dossier.on }) : t("按 {day} 的情况测算", { day: dossier.on }),
      isFirst && t("首次划入网格 {n} 户", { n: number(dossier.totals.first_households) }),
    ].filter(Boolean).join(" · "));
    drawSums(dossier);
    openTab(page.tab);
    for (const kind of ["xlsx", "pdf"]) byId(`take-${kind}`).href = `/api/v1/plans/${page.plan}/dossier.${kind}?${new URLSearchParams({ ...query(), lang: data.language })}`.replace("base=&", "");
  }

  function refused(error) {
    if (!(error instanceof Problem)) throw error;
    byId("dossier-state").replaceChildren(h("div", { class: "state state--failed", role: "alert" }, error.message));
  }

  async function load() {
    const base = byId("base").value;
    setAddress(`?${new URLSearchParams({ plan: page.plan, ...(base ? { base } : {}), ...(data.language === "en" ? { lang: "en" } : {}) })}`);
    const asked = () => Promise.all([get(`plans/${page.plan}/dossier`, query()), get(`plans/${page.plan}/dossier/ground`, query())]);
    await fill(byId("dossier-state"), asked, ([dossier, { features }]) => {
      show(dossier);
      sides.draw(features, told);
    });
  }

  // Without a plan in the address: the newest.
  async function offerBases() {
    const { plans } = await get("plans");
    page.plan = data.plan || (plans.length ? plans[0].plan_id : null);
    byId("to-plan").href = `/planner?plan=${page.plan}`;
    const others = plans.filter(({ plan_id: id }) => id !== page.plan);
    byId("base").append(...others.map((plan) => h("option", { value: plan.plan_id }, plan.name)));
    if (data.base) byId("base").value = String(data.base);
  }

  byId("base").addEventListener("change", load);
  for (const kind of ["xlsx", "pdf"]) patient(byId(`take-${kind}`), refused);
  fill(byId("dossier-state"), offerBases, () => (page.plan ? load() : byId("dossier-state").replaceChildren(empty(t("还没有网格方案。")))));
}
