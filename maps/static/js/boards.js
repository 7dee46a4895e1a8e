// Notice boards: every grid with its web board and posters; those of a street or community in one file, with progress.

import { byId, data, debounce, empty, fill, get, h, number, Problem, send, setAddress, setText, t } from "./core.js";
import { follow } from "./jobs.js";
import { paged, persons, reason } from "./people_words.js";

let grids = [];
const asked = () => ({ on: byId("on").value || data.on, area_code: byId("area").value });

// Of another day than today, the address names it: staff alone may look ahead.
const dayQuery = (more = {}) => {
  const { on } = asked();
  const query = new URLSearchParams({ ...more, ...(on === data.on ? {} : { on }) }).toString();
  return query ? `?${query}` : "";
};

const poster = (grid, form, size, label) =>
  h("a", { class: "button button--small", href: `/api/v1/boards/${grid.grid_code}/poster.${form}${dayQuery({ size })}`, download: true, "aria-label": `${grid.name} ${label}` }, label);

function row(grid) {
  const name = [h("span", { class: "name" }, grid.name), h("span", { class: "code" }, `${grid.grid_code} · ${grid.community}`)];
  const worker = grid.reason ? h("span", { class: "badge badge--alarm" }, reason(grid.reason)) : persons(grid.workers);
  const page = h("a", { class: "button button--small", href: `/board/${grid.grid_code}${dayQuery()}`, target: "_blank", "aria-label": `${grid.name} ${t("网页")}` }, t("网页"));
  const ways = [page, poster(grid, "pdf", "A3", "A3 PDF"), poster(grid, "pdf", "A2", "A2 PDF"), poster(grid, "png", "A3", "A3 PNG")];
  return { kind: grid.reason ? "is-vacant" : null, cells: [name, worker, h("div", { class: "boards__ways" }, ways)] };
}

function draw() {
  const sought = byId("find").value.trim().toLowerCase();
  const found = grids.filter((grid) => `${grid.name} ${grid.grid_code} ${grid.community}`.toLowerCase().includes(sought));
  setText("count", grids.length ? t("{n} 个网格", { n: number(found.length) }) : "");
  if (!found.length) return byId("grids").replaceChildren(empty(grids.length ? t("没有符合的网格。") : t("这一天没有生效的网格方案。")));
  return paged(byId("grids"), [[t("网格"), "head"], [t("网格员"), "person"], [t("公示栏"), "ways"]], found.map((grid) => () => row(grid)));
}

function reload() {
  const address = new URL(location.href);
  address.searchParams.set("on", asked().on);
  setAddress(address);
  return fill(byId("grids"), () => get("duties", asked()), (body) => {
    grids = [...body.grids].sort((one, other) => one.grid_code.localeCompare(other.grid_code));
    draw();
    ready();
  });
}

// -- a street or community in one file ---------------------------------------------------------

let isBusy = false;

function ready() {
  if (!data.can_print || isBusy) return;
  const { area_code } = asked();
  byId("batch-start").disabled = !area_code || !grids.length;
  if (!area_code) setText("batch-words", t("先在上方选择一个街道或社区。"));
  else setText("batch-words", t("共 {n} 张。", { n: number(grids.length) }));
}

function show(share, words) {
  byId("batch-progress").hidden = share === null;
  byId("batch-progress").value = share ?? 0;
  setText("batch-words", words);
}

async function print(event) {
  event.preventDefault();
  const form = new FormData(byId("batch"));
  isBusy = true;
  byId("batch-start").disabled = true;
  byId("batch-file").hidden = true;
  show(0, t("排队中…"));
  try {
    const { job_id, boards } = await send("POST", "boards/batch", { ...asked(), size: form.get("size"), format: form.get("format") });
    await follow(job_id, (share) => show(share, share ? t("正在制作，已完成 {n} / {all} 张", { n: Math.min(boards, Math.round(share * boards)), all: boards }) : t("排队中…")));
    show(null, t("{n} 张公示栏已做好，文件保留一周。", { n: number(boards) }));
    byId("batch-file").href = `/api/v1/boards/batch/${job_id}/file`;
    byId("batch-file").hidden = false;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    show(null, error.message);
  } finally {
    isBusy = false;
    byId("batch-start").disabled = !asked().area_code;
  }
}

if (data.can_print) byId("batch").addEventListener("submit", print);
byId("on").addEventListener("change", reload);
byId("area").addEventListener("change", reload);
byId("find").addEventListener("input", debounce(draw, 150));
reload();

const group = (label, areas) => areas.length ? h("optgroup", { label }, areas.map((area) => h("option", { value: area.id }, area.properties.name))) : null;
Promise.all([get("areas", { level: "street" }), get("areas", { level: "community" })]).then(([streets, communities]) =>
  byId("area").append(...[group(t("街道"), streets.features), group(t("社区"), communities.features)].filter(Boolean)));
