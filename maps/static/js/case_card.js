// One case, followed: what it is, who has it, how long is left, what was done, and what can be done now.

import { byId, data, fact, get, h, number, s, send, t } from "./core.js";
import { badge, colourOf, eventWords, labelOf, limitWords, moment, problemWords, sourceWords, standingOf } from "./case_words.js";
import { pickPlace } from "./pick.js";
import { act, turns } from "./turns.js";

const arrow = (path) => s("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, s("path", { d: path }));
const stand = (tier, state) => `${labelOf("tiers", tier)} · ${labelOf("states", state)}`;

// What was done, first to last; an imported case begins with its report, and ends with its settling, all the same.
function story(one) {
  const events = [...one.events];
  if (!events.length || events[0].kind !== "report") events.unshift({ kind: "report", at: one.reported_at, actor: sourceWords(one.source) });
  if (one.closed_at && !events.some((event) => event.at >= one.closed_at)) events.push({ kind: "closed", at: one.closed_at });
  return events.map((event) => {
    const moved = event.from_state && (event.from_state !== event.state || event.from_tier !== event.tier);
    const note = event.note && (event.kind === "duplicate" ? `#${event.note}` : event.note);
    return h("li", {},
      h("div", { class: "story__what" }, h("b", {}, event.kind === "closed" ? t("办结") : eventWords(event.kind)), h("span", {}, event.actor || "")),
      h("time", { class: "code", datetime: event.at }, moment(event.at)),
      moved ? h("div", { class: "story__move" }, stand(event.from_tier, event.from_state), h("span", { "aria-label": t("到") }, " → "), stand(event.tier, event.state)) : null,
      note ? h("div", { class: "story__note" }, note) : null);
  });
}

export function caseCard(map, { filters, list, points, card, fly, onChange }) {
  const fault = h("div", { class: "fault", role: "alert" });
  const said = h("p", { class: "done", role: "status" });
  const take = turns(fault);
  let current = null;

  function neighbours() {
    const ids = list.features().map(({ properties }) => properties.incident_id);
    const at = ids.indexOf(current.incident_id);
    const step = (by, label, path) => h("button", { class: "close", type: "button", "aria-label": label, disabled: at < 0 || !ids[at + by], onclick: () => open(ids[at + by], { fly: true }) }, arrow(path));
    return h("div", { class: "case-head__ways" }, step(-1, t("上一件"), "M12.5 4.5 7 10l5.5 5.5"), h("span", { class: "code" }, at < 0 ? "" : `${at + 1} / ${number(ids.length)}`), step(1, t("下一件"), "M7.5 4.5 13 10l-5.5 5.5"));
  }

  function head(one) {
    const listed = list.features().find(({ properties }) => properties.incident_id === one.incident_id);
    const standing = standingOf(one.lateness, listed && listed.properties.standing);
    return [
      h("div", { class: "case-head__line" }, h("span", { class: "code" }, `#${one.incident_id}`), neighbours()),
      h("h2", { tabindex: -1, id: "case-title" }, h("span", { class: "dot", swatch: colourOf(one.category) }), labelOf("categories", one.category)),
      badge({ ...one, standing }),
    ];
  }

  function facts(one) {
    return h("dl", { class: "facts" },
      fact(t("谁在办"), stand(one.tier, one.state), true),
      fact(t("地点"), h("span", {}, one.address || t("无地址"), one.place_problem ? h("span", { class: "badge badge--amber" }, problemWords(one.place_problem)) : null, " ", h("button", { class: "link", type: "button", onclick: (event) => place(event.currentTarget) }, one.lon === null ? t("在地图上定位") : t("改位置"))), true),
      fact(t("上报时间"), moment(one.reported_at)), fact(t("时限"), one.due_at ? moment(one.due_at) : t("无")),
      fact(t("所在网格"), one.grid_code_reported ? filters.gridName(one.grid_code_reported) : "–"), fact(t("来源"), sourceWords(one.source)),
      one.contact ? fact(t("联系方式"), one.contact, true) : null,
      one.returns ? fact(t("退回次数"), number(one.returns)) : null);
  }

  function show(one, focus = false) {
    current = one;
    card.show(head(one), [
      one.description ? h("p", { class: "case__text" }, one.description) : null,
      fault, said, facts(one), sameAs(one), moves(one),
      h("section", {}, h("h3", { class: "sub" }, t("经过")), h("ol", { class: "story" }, story(one))),
      noteForm(),
    ].filter(Boolean));
    filters.view({ case: String(one.incident_id) });
    list.markCurrent();
    points.keep(one.lon === null ? null : [one.lon, one.lat]);
    if (focus) byId("case-title").focus({ preventScroll: true });
  }

  // Somebody asked for a change: what came of it is shown, and everything else counted anew.
  async function change(control, words, work) {
    const id = current.incident_id;
    said.textContent = "";
    const done = await act(control, fault, async () => {
      const made = await work(id);
      if (current && current.incident_id === id) show(made);
    });
    if (!done) return;
    said.textContent = words;
    byId("case-title").focus({ preventScroll: true });
    onChange();
  }

  async function move(control, { key, label }, reason) {
    const { incident_id: id, state, tier } = current;
    await change(control, t("已办：{move}", { move: label }), async () => {
      try {
        return await send("POST", `incidents/${id}/moves`, { move: key, reason: reason || null, seen_state: state, seen_tier: tier });
      } catch (error) {
        if (error.status !== 409) throw error;
        // Somebody was quicker: what they made of it is shown, and said.
        show(await get(`incidents/${id}`));
        error.message = t("别人先办了一步，已载入最新情况，请再看一眼。");
        onChange();
        throw error;
      }
    });
  }

  function moves(one) {
    if (!one.moves.length) return null;
    const place = h("div", { class: "case__reason" });
    const named = one.moves.map((row) => ({ ...row, label: data.language === "en" ? row.label_en : row.label_zh }));
    const buttons = named.map((row, index) => h("button", { class: index ? "button button--small" : "button button--small button--main", type: "button", "aria-expanded": row.needs_reason ? "false" : null, onclick: (event) => (row.needs_reason ? askReason(place, row, event.currentTarget) : move(event.currentTarget, row)) }, row.label));
    return h("section", { "aria-label": t("可办") }, h("div", { class: "case__moves" }, buttons), place);
  }

  function askReason(place, row, opener) {
    const open = opener.getAttribute("aria-expanded") === "true";
    for (const button of opener.parentElement.children) if (button.hasAttribute("aria-expanded")) button.setAttribute("aria-expanded", "false");
    place.replaceChildren();
    if (open) return;
    opener.setAttribute("aria-expanded", "true");
    const text = h("textarea", { class: "input", rows: 2, maxlength: 2000, required: true });
    const send_ = h("button", { class: "button button--small button--main", type: "submit" }, t("确认{move}", { move: row.label }));
    place.append(h("form", { onsubmit: (event) => {
      event.preventDefault();
      if (text.value.trim()) move(send_, row, text.value.trim());
      else text.focus();
    } }, h("label", { class: "field" }, t("理由（必填）"), text), send_));
    text.focus();
  }

  function sameAs(one) {
    const look = (id) => h("button", { class: "link", type: "button", onclick: () => open(id, { fly: true, focus: true }) }, `#${id}`);
    const mark = (of, words, told) => h("button", { class: "button button--small", type: "button", onclick: (event) => change(event.currentTarget, told, (id) => send("PUT", `incidents/${id}/duplicate`, { of })) }, words);
    if (one.duplicate_of !== null) return h("div", { class: "certificate" }, h("b", {}, t("重复件"), " → ", look(one.duplicate_of)), mark(null, t("撤销重复标记"), t("已撤销，事件重新打开。")));
    if (!one.maybe_same.length || one.lateness === "closed") return null;
    return h("div", { class: "certificate" }, h("b", {}, t("可能是同一件")), h("ul", { class: "same" }, one.maybe_same.map((id) => h("li", {}, look(id), mark(id, t("是 #{id} 的重复件", { id }), t("已标为重复件，并已关闭。"))))));
  }

  function noteForm() {
    const text = h("textarea", { class: "input", rows: 2, maxlength: 2000, "aria-label": t("备注"), placeholder: t("备注") });
    const add = h("button", { class: "button button--small", type: "submit" }, t("添加备注"));
    return h("form", { class: "case__note", onsubmit: (event) => {
      event.preventDefault();
      const note = text.value.trim();
      if (note) change(add, t("备注已添加。"), (id) => send("POST", `incidents/${id}/notes`, { note }));
      else text.focus();
    } }, text, add);
  }

  async function place(control) {
    const at = await pickPlace(map, t("#{id} 的位置", { id: current.incident_id }));
    if (at) await change(control, t("位置已记下。"), (id) => send("PUT", `incidents/${id}/place`, at));
  }

  // For those who may not read cases: what the list knows.
  function showListed(feature) {
    const row = feature.properties;
    filters.view({ case: String(row.incident_id) });
    list.markCurrent();
    card.show([h("span", { class: "code" }, `#${row.incident_id}`), h("h2", { tabindex: -1, id: "case-title" }, labelOf("categories", row.category)), badge(row)],
      [h("dl", { class: "facts" }, fact(t("谁在办"), stand(row.tier, row.state), true), fact(t("上报时间"), moment(row.reported_at)), fact(t("时限"), limitWords(row)))]);
    points.keep(feature.geometry && feature.geometry.coordinates);
  }

  async function open(id, { fly: flies = false, focus = false } = {}) {
    const listed = list.features().find(({ properties }) => properties.incident_id === id);
    if (flies && listed && listed.geometry) fly(...listed.geometry.coordinates);
    if (!data.can_handle) return listed && showListed(listed);
    if (byId("detail").hidden) card.show([h("h2", { id: "case-title", tabindex: -1 }, `#${id}`)], [fault]);
    return take(async (signal) => {
      const one = await get(`incidents/${id}`, {}, { signal });
      said.textContent = "";
      show(one, focus);
      if (flies && !listed && one.lon !== null) fly(one.lon, one.lat);
    });
  }

  return {
    open,
    isOpen: () => current !== null,
    // The card went, or shows something else now.
    forget() {
      take.stop();
      current = null;
      points.keep(null);
      filters.view({ case: "" });
      list.markCurrent();
    },
  };
}
