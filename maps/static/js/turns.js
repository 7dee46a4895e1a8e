// Requests that take turns: a newer one of a kind ends the older, and what is shown stays until there is an answer.

import { byId, h, Problem, t } from "./core.js";

const SLOW_MS = 180;
let under = 0;
let timer = null;

// The board's thin line runs while anything is under way for longer than one notices.
function count(step) {
  under += step;
  const board = byId("board");
  if (under === 0) {
    clearTimeout(timer);
    timer = null;
    board.classList.remove("is-busy");
  } else if (!timer) timer = setTimeout(() => board.classList.add("is-busy"), SLOW_MS);
}

const again = (error, retry) =>
  error.status === 401
    ? h("a", { class: "link", href: `/login?next=${encodeURIComponent(location.pathname + location.search)}` }, t("登录"))
    : h("button", { class: "link", type: "button", onclick: retry }, t("再试一次"));

// Say in a place what failed, with a way to try again.
export function tellFault(place, error, retry) {
  if (!(error instanceof Problem)) throw error;
  place.replaceChildren(error.message, retry ? " " : "", ...(retry ? [again(error, retry)] : []));
}

// A taker of turns: take(work) runs work(signal); what fails is said in `place`, and gone with the next that succeeds.
export function turns(place) {
  let running = null;
  async function take(work) {
    if (running) running.abort();
    const mine = (running = new AbortController());
    count(1);
    try {
      await work(mine.signal);
      if (mine === running) place.replaceChildren();
    } catch (error) {
      if (error.name !== "AbortError" && mine === running) tellFault(place, error, () => take(work));
    } finally {
      count(-1);
      if (mine === running) running = null;
    }
  }
  take.stop = () => running && running.abort();
  return take;
}

// Do what a person asked for once: the control waits, what fails is said in `place`. Returns whether it was done.
export async function act(control, place, work) {
  control.disabled = true;
  place.replaceChildren();
  try {
    await work();
    return true;
  } catch (error) {
    tellFault(place, error);
    return false;
  } finally {
    control.disabled = false;
  }
}
