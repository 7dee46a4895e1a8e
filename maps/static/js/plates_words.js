// Words of doorplates: states, reasons, what is reported; and the page's lines that say what was done.

import { byId, h, Problem, t } from "./core.js";

const STATES = { issued: () => t("待印制"), printed: () => t("已印制"), revoked: () => t("已停用") };
const REASONS = {
  lost: () => t("丢失"), damaged: () => t("损坏"), wrong: () => t("挂错"), replaced: () => t("更换"), demolished: () => t("楼栋已拆除"),
};
const BADGES = { issued: "badge badge--amber", printed: "badge badge--published", revoked: "badge" };

export const reason = (key) => REASONS[key]();
export const state = (one) => h("span", { class: BADGES[one.state] }, one.state === "revoked" ? `${STATES.revoked()} · ${reason(one.revoked_reason)}` : STATES[one.state]());
export const code = (text) => h("span", { class: "code--plate" }, text);
export const door = (one) => [h("span", { class: "name" }, one.label), h("span", { class: "code" }, one.community || one.area_code)];
export const button = (words, act) => h("button", { class: "button button--small", type: "button", onclick: act }, words);

const lines = { said: () => byId("said"), problem: () => byId("problem") };

function line(which, words) {
  for (const [name, place] of Object.entries(lines)) {
    place().hidden = name !== which;
    place().textContent = name === which ? words : "";
  }
}

export const say = (words) => line("said", words);

// Do what a button asks for; a refusal is shown, anything else goes on to the console.
export async function attempt(act) {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    line("problem", error.message);
  }
}

// Ask before something is written. `act` is handed the reason chosen, where one is asked for.
export function ask({ title, what, asksReason = false, act }) {
  const dialog = byId("ask");
  const problem = byId("ask-problem");
  byId("ask-title").textContent = title;
  byId("ask-what").textContent = what;
  byId("ask-why").hidden = !asksReason;
  problem.hidden = true;
  byId("ask-form").onsubmit = async (event) => {
    event.preventDefault();
    try {
      await act(byId("ask-form").elements.reason.value);
      dialog.close();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
    }
  };
  dialog.querySelector("[data-close]").onclick = () => dialog.close();
  dialog.showModal();
}
