// One dialog for three changes - appoint, hand over, leave: what it means is told by the server before it is accepted.

import { byId, debounce, get, h, number, Problem, send, t } from "./core.js";
import { ROLES, listed, reason, until } from "./people_words.js";

const WHO = { appoint: () => t("任命谁"), over: () => t("交给谁"), leave: () => t("谁请假") };
const FIELDS = { appoint: ["person"], over: ["person"], leave: ["person", "to", "substitute", "reason"] };

// The id that a choice of the list ends with.
const idOf = (words) => Number(/#(\d+)$/.exec(words.trim())?.[1] || 0);
const choice = (one) => `${one.name} · ${one.community} #${one.person_id}`;

export function dutyDialog({ asked, changed }) {
  const box = byId("duty-dialog");
  const form = byId("duty-form");
  const accept = form.querySelector("[type=submit]");
  let task = null;
  let turn = 0;

  const problem = (words) => {
    byId("duty-problem").hidden = !words;
    byId("duty-problem").textContent = words || "";
  };

  function consequences(lines, alarm) {
    const place = byId("consequences");
    place.classList.toggle("is-alarm", alarm);
    place.replaceChildren(...lines.filter(Boolean).map((line) => h("div", {}, line)));
  }

  const parts = (body) => body.parts.map((part) => t("{role} {n} 处，{m} 户", { role: ROLES[part.role](), n: part.targets, m: number(part.households) })).join(" · ");

  function tellDuties(body) {
    const gives = listed(body.gives.map((one) => one.name));
    const what = gives
      ? t("{day} 起，{parts}由{gives}交给{takes}。", { day: body.on, parts: parts(body), gives, takes: body.takes.name })
      : t("{day} 起，{parts}由{takes}负责。", { day: body.on, parts: parts(body), takes: body.takes.name });
    const more = t("{name}负责的户数：{before} → {after}", { name: body.takes.name, before: number(body.households_before), after: number(body.households_after) });
    const alarms = [body.is_away && t("注意：{name}这一天请假。", { name: body.takes.name }), ...body.vacant.map((one) => t("将空岗：{name}（{reason}）", { name: one.name || one.code, reason: reason(one.reason) }))];
    consequences([h("strong", {}, what), more, body.filled ? t("补上 {n} 处空岗。", { n: body.filled }) : null, ...alarms], alarms.some(Boolean));
  }

  function tellLeave(body) {
    const head = h("strong", {}, body.duties ? t("涉及 {n} 处任职。", { n: body.duties }) : t("这些日子里没有任职受影响。"));
    const lines = body.gaps.slice(0, 6).map((gap) => t("{role} {code}：{first} {until} 无人负责（{reason}）", { role: ROLES[gap.role](), code: gap.code, first: gap.from_on, until: until(gap.to_on), reason: reason(gap.reason) }));
    if (body.gaps.length > 6) lines.push(t("等共 {n} 处", { n: body.gaps.length }));
    consequences([head, body.duties && !body.gaps.length ? t("全部由替岗人负责。") : null, ...lines], body.gaps.length > 0);
  }

  function request(isTrial) {
    const { person, from, to, substitute, reason: why } = Object.fromEntries(new FormData(form));
    const who = idOf(person || "");
    if (!who || !from) return null;
    if (task.kind === "over") return ["POST", "duties/hand-over", { duties: task.duties, to_person_id: who, on: from, is_trial: isTrial }];
    if (task.kind === "appoint") return ["POST", "duties", { person_id: who, role: task.role, code: task.code, from_on: from, is_trial: isTrial }];
    const body = { person_id: who, from_on: from, to_on: to || null, substitute_id: idOf(substitute || "") || null, by_duty: task.byDuty || [], reason: why?.trim() || null, is_trial: isTrial };
    return task.absence ? ["PUT", `absences/${task.absence.absence_id}`, { ...body, revision: task.absence.revision }] : ["POST", "absences", body];
  }

  async function tryIt() {
    const mine = ++turn;
    accept.disabled = true;
    problem("");
    const wanted = request(true);
    if (!wanted) return consequences([], false);
    try {
      const body = await send(...wanted);
      if (mine !== turn) return null;
      (task.kind === "leave" ? tellLeave : tellDuties)(body);
      accept.disabled = false;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (mine !== turn) return null;
      consequences([], false);
      problem(error.message);
    }
    return null;
  }

  const look = debounce(async (words) => {
    if (!words.trim() || idOf(words)) return;
    const { people } = await get("people", { q: words.trim(), limit: 20, on: asked().on });
    byId("people-found").replaceChildren(...people.map((one) => h("option", { value: choice(one) })));
  }, 200);

  function open(kind, { title, what, values = {}, ...rest }) {
    task = { kind, ...rest };
    form.reset();
    for (const name of ["to", "substitute", "reason"]) byId(`field-${name}`).hidden = !FIELDS[kind].includes(name);
    byId("who-label").textContent = WHO[kind]();
    byId("from-label").textContent = kind === "leave" ? t("请假第一天") : t("从这一天起");
    byId("duty-title").textContent = title;
    byId("duty-what").textContent = what;
    form.elements.from.value = asked().on;
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value || "";
    form.elements.person.readOnly = Boolean(rest.absence);
    consequences([], false);
    problem("");
    accept.disabled = true;
    box.showModal();
    if (rest.absence) tryIt();
  }

  form.addEventListener("input", (event) => {
    if (["person", "substitute"].includes(event.target.name)) look(event.target.value);
    later();
  });
  const later = debounce(tryIt, 250);
  box.querySelector("[data-close]").addEventListener("click", () => box.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = request(false);
    if (!wanted) return;
    accept.disabled = true;
    try {
      await send(...wanted);
      box.close();
      await changed();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem(error.message);
    }
  });

  return {
    assign: (one) => open("appoint", { title: t("任命{role}", { role: ROLES[one.role]() }), what: `${one.name || one.code} · ${one.community} · ${t("{n} 户", { n: number(one.households) })}`, role: one.role, code: one.code }),
    handOver: (grids) => open("over", { title: t("交接网格"), what: listed(grids.map((grid) => grid.name)), duties: grids.flatMap((grid) => grid.workers.map((one) => ({ duty_id: one.duty_id, revision: one.revision }))) }),
    leave: () => open("leave", { title: t("登记请假"), what: t("请假期间由替岗人负责其全部任职。") }),
    change: (one) => open("leave", {
      title: t("修改请假"), what: one.name, absence: one, byDuty: one.by_duty.map(({ duty_id: duty, substitute_id: who }) => ({ duty_id: duty, substitute_id: who })),
      values: { person: `${one.name} #${one.person_id}`, from: one.from_on, to: one.to_on, substitute: one.substitute_id ? `${one.substitute || ""} #${one.substitute_id}` : "", reason: one.reason },
    }),
  };
}
