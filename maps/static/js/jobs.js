// Long work that runs on the server: followed until it is done.

import { get, Problem, t } from "./core.js";

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
