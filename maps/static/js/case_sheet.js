// What needs a person's eye: pairs that may be one incident, and incidents without a place.

import { byId, get, h, number, send, t } from "./core.js";
import { labelOf, moment, problemWords, span } from "./case_words.js";
import { pickPlace } from "./pick.js";
import { act, turns } from "./turns.js";

const KEPT = "wangge-not-same";

// The service keeps no "not the same"; this browser does, until it is closed.
function notSame() {
  const kept = new Set(JSON.parse(sessionStorage.getItem(KEPT) || "[]"));
  return {
    has: (pair) => kept.has(`${pair.first_id}-${pair.second_id}`),
    add(pair) {
      kept.add(`${pair.first_id}-${pair.second_id}`);
      sessionStorage.setItem(KEPT, JSON.stringify([...kept]));
    },
  };
}

export function caseSheet(map, { card, onCase, onOpen, onChange }) {
  const fault = h("div", { class: "fault", role: "alert" });
  const take = turns(fault);
  const set_aside = notSame();
  const state = { pairs: [], near: null, unplaced: [], shown: false };

  const look = (id) => h("button", { class: "link", type: "button", onclick: () => onCase(id) }, `#${id}`);

  function after(work) {
    return async (event) => {
      if (await act(event.currentTarget, fault, work)) {
        onChange();
        await load();
      }
    };
  }

  function pairRow(pair) {
    const same = after(() => send("PUT", `incidents/${pair.second_id}/duplicate`, { of: pair.first_id }));
    return h("li", { class: "pending" },
      h("div", {}, h("b", {}, labelOf("categories", pair.category)), " ", look(pair.first_id), " · ", look(pair.second_id)),
      h("div", { class: "code" }, t("相距 {m} 米，相隔 {span}", { m: number(pair.apart_m), span: span(pair.apart_hours * 3600000) })),
      h("div", { class: "pending__ways" }, h("button", { class: "button button--small", type: "button", onclick: same }, t("是同一件")),
        h("button", { class: "button button--small", type: "button", onclick: () => {
          set_aside.add(pair);
          draw();
        } }, t("不是"))));
  }

  function placeRow(row) {
    const place = async (event) => {
      const button = event.currentTarget;
      const at = await pickPlace(map, t("#{id} 的位置", { id: row.incident_id }));
      if (at && (await act(button, fault, () => send("PUT", `incidents/${row.incident_id}/place`, at)))) {
        onChange();
        await load();
      }
    };
    return h("li", { class: "pending" },
      h("div", {}, h("b", {}, labelOf("categories", row.category)), " ", look(row.incident_id)),
      h("div", { class: "code" }, `${moment(row.reported_at)} · ${problemWords(row.place_problem)}`),
      row.address ? h("div", {}, row.address) : null,
      h("div", { class: "pending__ways" }, h("button", { class: "button button--small", type: "button", onclick: place }, t("在地图上定位"))));
  }

  const waiting = () => state.pairs.filter((pair) => !set_aside.has(pair));

  function draw() {
    const pairs = waiting();
    const count = pairs.length + state.unplaced.length;
    byId("pending-count").textContent = number(count);
    byId("pending-count").hidden = count === 0;
    if (!state.shown) return;
    const part = (title, rows, none) => h("section", {}, h("h3", { class: "sub" }, title), rows.length ? h("ul", { class: "pendings" }, rows) : h("p", { class: "section__note" }, none));
    card.show([h("h2", { tabindex: -1, id: "sheet-title" }, t("待处理"))], [
      fault,
      part(t("可能重复（{n}）", { n: number(pairs.length) }), pairs.map(pairRow), t("没有可能重复的未办结事件。")),
      state.near ? h("p", { class: "section__note" }, t("同类、{m} 米内、{hours} 小时内的未办结事件。“不是”只在本次浏览中记住。", { m: number(state.near[0]), hours: number(state.near[1]) })) : null,
      part(t("没有位置（{n}）", { n: number(state.unplaced.length) }), state.unplaced.map(placeRow), t("事件都有位置。")),
    ].filter(Boolean));
  }

  const load = () => take(async (signal) => {
    const [same, lost] = await Promise.all([get("incidents/duplicates", {}, { signal }), get("incidents/unplaced", {}, { signal })]);
    Object.assign(state, { pairs: same.pairs, near: [same.near_m, same.within_hours], unplaced: lost.incidents });
    draw();
  });

  byId("pending-open").addEventListener("click", async () => {
    onOpen();
    state.shown = true;
    draw();
    byId("sheet-title").focus({ preventScroll: true });
    await load();
  });

  return {
    load,
    // The card went, or shows something else now.
    forget() {
      state.shown = false;
    },
  };
}
