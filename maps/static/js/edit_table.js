// The grids of the community beside the map, as they are now: chosen, renamed, locked.

import { bandBadge, bandOf, gauge } from "./band.js";
import { byId, h, number, s, t } from "./core.js";
import { sidesOf } from "./edit_bar.js";
import { loadsOf } from "./edit_figures.js";

const LOCK = { true: "M6 9V6.5a4 4 0 0 1 8 0V9M4.5 9h11v8h-11z", false: "M6 9V6.5a4 4 0 0 1 7.6-1.7M4.5 9h11v8h-11z" };
const lockIcon = (isLocked) => s("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, s("path", { d: LOCK[Boolean(isLocked)] }));

// A figure, and what it would become.
const becoming = (now, then) => (then === null || then === now ? now ?? "–" : [h("s", { class: "was" }, now ?? "–"), h("b", {}, then)]);

// What all would hold after moves; households as they are dealt.
function afterOf(draft, moves, count) {
  const drawn = draft.figures(moves);
  const after = new Map([...draft.grids.values()].map(({ grid_code: code, households, people }) => [code, { people, ...drawn.get(code), households }]));
  for (const { code, after: households } of sidesOf(draft, moves, new Map(), count || undefined)) {
    if (households === null) after.delete(code);
    else if (after.has(code)) after.get(code).households = households;
  }
  return after;
}

// `hear`: choose(code, isMore), point(code or null), lock(code, isLocked), rename(code, name).
export function editTable(hear) {
  const body = byId("edit-grids").tBodies[0];
  let renaming = null;
  let shown = null;
  const keyOf = (event) => event.target.closest("tr")?.dataset.id;
  const isMore = (event) => event.shiftKey || event.ctrlKey || event.metaKey;

  const loadIn = (loads, { worker }) => (loads.has(worker) ? number(loads.get(worker)) : "–");

  // Who answers for a zone; of units nobody is told here.
  const answers = ({ level }, { worker }) => (level === "units" ? "" : worker || h("span", { class: "alarm" }, t("空缺")));

  function rowOf(grid, { draft, colours, after, chosen, target, vacant, loads, loadsAfter, focus }) {
    const code = grid.grid_code;
    const now = { ...draft.figures().get(code), households: grid.households, people: grid.people }; // these as the server has them
    const then = after?.get(code);
    const of = (row, key, write) => (row?.[key] === undefined ? "–" : write(row[key])); // a grid may have no cells for a moment
    const figure = (key, write = number) => becoming(of(now, key, write), after && of(then, key, write));
    const isChosen = chosen.includes(code);
    const name = h("button", { class: "name", type: "button", "data-part": "name", "aria-pressed": String(isChosen) }, grid.name);
    const lock = h("button", { class: "close edit-lock", type: "button", "data-part": "lock", "aria-pressed": String(Boolean(grid.is_locked)), title: grid.is_locked ? t("解锁") : t("锁定"), "aria-label": `${grid.is_locked ? t("解锁") : t("锁定")} ${grid.name}` }, lockIcon(grid.is_locked));
    const row = h("tr", { "data-id": code, class: [isChosen && "is-chosen", code === target && "is-target"].filter(Boolean).join(" ") || null },
      h("td", {}, h("div", { class: "keyed" }, h("span", { class: "dot", swatch: `var(--grid-${(colours.get(code) ?? 0) + 1})` }), h("div", {}, code === renaming ? input(grid) : name, h("span", { class: "code" }, grid.within ? `${grid.within.replace(grid.community, "")} · ` : "", code, draft.level === "grids" && vacant.has(code) && h("span", { class: "alarm" }, ` ${t("空岗")}`))))),
      h("td", { class: "number", "data-now": grid.households }, figure("households"), draft.level === "grids" && gauge((then || grid).households)),
      h("td", { class: "col-band" }, draft.level === "grids" ? bandBadge(then ? bandOf(then.households, grid.kind) : grid.band) : answers(draft, grid)),
      h("td", { class: `number${(then || now)?.pieces > 1 ? " alarm" : ""}` }, figure("pieces")),
      h("td", { class: "number col-more" }, figure("people")),
      h("td", { class: "number col-more" }, figure("compactness", (value) => value.toFixed(2))),
      h("td", { class: "number col-more" }, figure("stations")),
      h("td", { class: "number col-more" }, becoming(loadIn(loads, grid), loadsAfter && loadIn(loadsAfter, grid))),
      h("td", {}, lock));
    if (focus && focus[0] === code) queueMicrotask(() => row.querySelector(`[data-part=${focus[1]}]`)?.focus({ preventScroll: true }));
    return row;
  }

  function input(grid) {
    const box = h("input", { class: "input edit-name", value: grid.name, maxlength: 80, "aria-label": t("网格名称") });
    let isDone = false;
    const end = (name) => {
      if (isDone) return;
      isDone = true;
      renaming = null;
      if (name && name !== grid.name) hear.rename(grid.grid_code, name);
      draw(shown, [grid.grid_code, "name"]);
    };
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      end(event.key === "Enter" ? box.value.trim() : null);
    });
    box.addEventListener("blur", () => end(box.value.trim()));
    queueMicrotask(() => {
      box.focus();
      box.select();
    });
    return box;
  }

  // What has the focus keeps it, also when the rows are new.
  function draw(next, focus = null) {
    shown = next;
    if (renaming && body.querySelector("input")) return;
    const held = body.contains(document.activeElement) ? document.activeElement : null;
    const keep = focus || (held && [held.closest("tr").dataset.id, held.dataset.part]);
    const { draft } = shown;
    const picture = draft.picture();
    const after = shown.moves.size ? afterOf(draft, shown.moves, shown.count) : null;
    const loads = loadsOf(shown.planned);
    const then = ({ grid_code: code, households }) => (draft.grids.has(code) ? after.get(code)?.households || 0 : households);
    const loadsAfter = after && draft.level === "grids" ? loadsOf(shown.planned, then) : null;
    document.body.dataset.level = draft.level;
    body.closest("table").querySelector("th.col-band").textContent = draft.level === "zones" ? t("包保单位") : t("规模");
    body.replaceChildren(...draft.codes().map((code) => rowOf(draft.grids.get(code), { ...shown, ...picture, after, loads, loadsAfter, focus: keep })));
  }

  body.addEventListener("click", (event) => {
    const code = keyOf(event);
    if (!code || event.target.closest("input")) return;
    if (event.target.closest("[data-part=lock]")) hear.lock(code, !shown.draft.grids.get(code).is_locked);
    else hear.choose(code, isMore(event));
  });
  body.addEventListener("dblclick", (event) => keyOf(event) && !event.target.closest("[data-part=lock], input") && rename(keyOf(event)));
  body.addEventListener("pointerover", (event) => hear.point(keyOf(event) || null));
  body.addEventListener("pointerleave", () => hear.point(null));
  body.addEventListener("focusin", (event) => event.target.dataset.part === "name" && hear.point(keyOf(event)));
  body.addEventListener("keydown", (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const row = step && event.target.dataset.part && event.target.closest("tr")[step];
    if (!step) return;
    event.preventDefault();
    row?.querySelector(`[data-part=${event.target.dataset.part}]`)?.focus();
  });

  function rename(code) {
    renaming = code;
    draw(shown);
  }

  return {
    draw,
    rename,
    get isRenaming() {
      return renaming !== null;
    },
    focusOn: (code) => body.querySelector(`tr[data-id="${code}"]`)?.scrollIntoView({ block: "nearest" }),
    codeInFocus: () => (document.activeElement?.dataset.part === "name" ? document.activeElement.closest("tr").dataset.id : null),
  };
}
