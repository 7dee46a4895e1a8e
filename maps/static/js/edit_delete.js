// Deleting the plan that is edited: asked once more, then gone for good.

import { byId, Problem, send, t } from "./core.js";

// `plan()` is what is shown, `revision()` what was looked at; `settled()` waits for edits under way, `gone()` hears that it is deleted.
export function planDeletion({ plan, revision, settled, gone }) {
  const box = byId("delete-dialog");
  const form = byId("delete-form");
  const problem = byId("delete-problem");

  async function submit(event) {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      await send("DELETE", `plans/${plan().plan_id}`, undefined, { revision: revision() });
      box.close();
      gone();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      button.disabled = false;
    }
  }

  async function ask() {
    await settled();
    problem.hidden = true;
    byId("delete-what").textContent = [plan().name, plan().area_name, t("第 {n} 版", { n: revision() })].filter(Boolean).join(" · ");
    box.showModal();
  }

  form.addEventListener("submit", submit);
  box.querySelector("[data-close]").addEventListener("click", () => box.close());
  byId("edit-delete").addEventListener("click", ask);
}
