// The counts of the panel: each kind of chip and chart shows what would be there without its own choice.

import { byId, data, get, h, number, setText } from "./core.js";
import { standingWords } from "./case_words.js";
import { dayChart, settleChart } from "./chart.js";
import { hourChart } from "./hour_chart.js";
import { turns } from "./turns.js";

// One chip a kind, with its own count also while another is chosen.
function drawChips(id, kinds, { counts, chosen, choose }) {
  const found = new Map(counts.map((row) => [row.key, row.count]));
  const place = byId(id);
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  place.replaceChildren(...kinds.map(({ key, label, colour }) =>
    h("button", { class: "chip", type: "button", "data-key": key, "aria-pressed": String(chosen === key), onclick: () => choose(chosen === key ? "" : key) },
      colour ? h("span", { class: "dot", swatch: colour }) : null, label, h("b", {}, found.has(key) ? number(found.get(key)) : "–"))));
  if (focused) place.querySelector(`[data-key="${focused}"]`)?.focus();
}

const KEPT_MS = 20_000;
const KEPT_MAX = 24;

export function incidentCounts({ filters, onDays, onSummary, onWhole }) {
  const take = turns(byId("counts-fault"));
  const kept = new Map();
  const days = dayChart(byId("days"), onDays);
  const hours = hourChart(byId("hours"), byId("hour-choices"), (weekdays, hours_) => filters.set({ weekdays, hours: hours_ }));
  const kinds = [["categories", "category"], ["states", "state"]];

  function drawStandings(summary) {
    const counts = { "": summary.total, open: summary.open, soon: summary.soon, overdue: summary.overdue, parked: summary.parked, returned: summary.returned };
    for (const button of byId("standings").children) {
      const key = button.dataset.standing;
      button.querySelector(".standing__count").textContent = number(counts[key]);
      button.setAttribute("aria-pressed", String(filters.get("standing") === key));
      button.classList.toggle("standing--none", counts[key] === 0);
    }
  }

  const drawKind = ([id, key]) => (summary) => drawChips(id, data[id], { counts: summary[id], chosen: filters.get(key), choose: (value) => filters.set({ [key]: value }) });

  // The axis is of all days there are, whatever is filtered: it does not move under the hand.
  const spanOf = (all) => (all.length ? [all[0].on, all[all.length - 1].on] : null);

  // Who has what is open: settled ones nobody has. Choosing a tier chooses the open ones with it.
  const openOnes = () => filters.get("standing") || "open";
  function drawTiers(summary) {
    const choose = (tier) => filters.set(tier ? { tier, standing: openOnes() } : { tier });
    drawChips("tiers", data.tiers, { counts: summary.tiers, chosen: filters.get("tier"), choose });
    setText("tiers-note", standingWords(openOnes()));
  }

  // Answers of a moment ago: going from kind to kind asks most of the same again.
  async function ask(query, signal) {
    const key = JSON.stringify(query);
    const found = kept.get(key);
    if (found && Date.now() - found.at < KEPT_MS) return found.summary;
    const summary = await get("incidents/summary", query, { signal });
    kept.delete(key);
    kept.set(key, { summary, at: Date.now() });
    if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value);
    return summary;
  }

  // A choice of its own is left out of what a part is counted from; parts without one share the answer. The figures come
  // first: `told` hears when they are there, and only then the rest is asked for.
  async function count(light, signal, told) {
    const asked = new Map();
    const counted = (without = [], more = {}) => {
      const query = { ...filters.query(...without), ...more, ...filters.reading() };
      const key = JSON.stringify(query);
      if (!asked.has(key)) asked.set(key, ask(query, signal));
      return asked.get(key);
    };
    await Promise.all([counted().then(onSummary), counted(["standing"]).then(drawStandings)]);
    told();
    if (light) return;
    await Promise.all([
      ...kinds.map((kind) => counted([kind[1]]).then(drawKind(kind))),
      counted(["tier"], { standing: openOnes() }).then(drawTiers),
      counted(["weekdays", "hours"]).then((summary) => hours.set(summary.hours, filters.get("weekdays"), filters.get("hours"))),
      Promise.all([counted(["from", "to"]), ask({}, signal)]).then(([summary, whole]) => {
        days.set(summary.days, spanOf(whole.days), filters.chosenSpan());
        onWhole(whole);
      }),
      counted().then((summary) => settleChart(byId("settled"), summary.settled)),
    ]);
  }

  // Promises to be kept when the figures are there; the rest follows.
  const load = (light = false) => new Promise((told) => {
    take(async (signal) => {
      try {
        await count(light, signal, told);
      } catch (error) {
        if (error.name !== "AbortError" && !days.all()) days.say(error.message);
        throw error;
      }
    }).finally(told);
  });

  byId("standings").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { standing } = button.dataset;
    filters.set({ standing: filters.get("standing") === standing ? "" : standing });
  });
  for (const kind of kinds) drawKind(kind)({ [kind[0]]: [] });
  setText("sum-total", "–");

  return {
    load,
    days,
    // Something was changed: what was counted before holds no more.
    forget: () => kept.clear(),
  };
}
