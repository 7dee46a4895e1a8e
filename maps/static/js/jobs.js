// Work that makes one wait: a job on the server, followed until it is done; an answer that takes longer than a blink.

import { get, h, Problem, t } from "./core.js";

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Follow a job until it is done; `told` hears the share as it goes.
export async function follow(jobId, told) {
  for (;;) {
    const job = await get(`jobs/${encodeURIComponent(jobId)}`);
    told(job.progress_share);
    if (job.state === "done") return job.result || {};
    if (job.state === "failed") throw new Problem(job.message || t("任务没有完成。"), 0);
    await wait(700);
  }
}

const BLINK_MS = 300;
const under = new Set();
let hint = null;

function drawHint() {
  if (!hint) document.querySelector(".stage").append((hint = h("p", { class: "hint hint--busy", role: "status" })));
  hint.hidden = under.size === 0;
  hint.textContent = under.size ? t("正在测算…") : "";
}

// Hand on what `work` promises; the map says so while it is under way for more than a blink.
export async function patiently(work) {
  const timer = setTimeout(() => {
    under.add(work);
    drawHint();
  }, BLINK_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (under.delete(work)) drawHint();
  }
}
