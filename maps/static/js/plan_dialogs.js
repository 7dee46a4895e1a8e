// Asking for a new plan, and for a draft from one: questions to the server, which decides.

import { byId, get, h, Problem, send, t } from "./core.js";
import { follow } from "./jobs.js";

function dialog(name, submit) {
  const box = byId(`${name}-dialog`);
  if (!box) return null;
  const form = byId(`${name}-form`);
  const problem = byId(`${name}-problem`);
  box.querySelector("[data-close]").addEventListener("click", () => box.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    problem.hidden = true;
    try {
      await submit(Object.fromEntries(new FormData(form)));
      box.close();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
  return box;
}

const asked = ({ count, afresh, seed, ...values }) => ({ ...values, seed: Number(seed), count: count ? Number(count) : null, afresh: Boolean(afresh) });

export function dialogs({ plan, reload, edit }) {
  const propose = dialog("propose", async (values) => {
    const bar = byId("propose-progress");
    bar.hidden = false;
    bar.removeAttribute("value");
    try {
      const { job_id: jobId } = await send("POST", "plans", asked(values));
      const result = await follow(jobId, (share) => {
        if (share !== null && share !== undefined) bar.value = share;
      });
      await reload(result.plan_id);
    } finally {
      bar.hidden = true;
    }
  });
  if (propose) {
    byId("propose").addEventListener("click", async () => {
      propose.showModal();
      const areas = byId("propose-form").elements.area_code;
      if (areas.options.length) return;
      try {
        const { features } = await get("areas", { level: "community" });
        areas.replaceChildren(...features.map((area) => h("option", { value: area.id }, area.properties.name)));
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        byId("propose-problem").textContent = error.message;
        byId("propose-problem").hidden = false;
      }
    });
  }
  const branch = dialog("branch", async (values) => {
    const { plan_id: planId } = await send("POST", `plans/${plan().plan_id}/branch`, values);
    edit();
    await reload(planId);
  });
  if (branch) {
    byId("branch").addEventListener("click", () => {
      byId("branch-form").elements.name.value = t("{name}调整", { name: plan().name }).slice(0, 80);
      branch.showModal();
      byId("branch-form").elements.name.select();
    });
  }
}
