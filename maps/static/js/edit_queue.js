// Edits go to the server one after another, each upon the revision that the one before it made.

import { Problem, send } from "./core.js";

// `draft` tells the plan and its revision; `done` hears each answer, `refused` a refusal: what waited behind it is not sent.
export function editQueue({ draft, changed, done, refused }) {
  let waiting = [];
  let isBusy = false;
  let running = Promise.resolve();

  async function sendOne({ path, body, ...rest }) {
    try {
      const answer = await send("POST", `plans/${draft().planId}/${path}`, { revision: draft().revision, ...body });
      await done(answer, { path, body, ...rest }, waiting);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      waiting = [];
      await refused(error, { path, body, ...rest });
    }
  }

  async function run() {
    isBusy = true;
    try {
      while (waiting.length) {
        changed(true);
        await sendOne(waiting.shift());
      }
    } finally {
      isBusy = false;
      changed(false);
    }
  }

  return {
    add(task) {
      waiting.push(task);
      if (!isBusy) running = run();
    },
    // When all that was asked for is answered.
    idle: () => running,
    get isBusy() {
      return isBusy;
    },
  };
}
