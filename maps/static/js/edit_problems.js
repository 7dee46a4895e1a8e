// What is to be mended in a community: grids in pieces, grids out of the band, then grids that nobody answers for.

import { BAND_WORDS } from "./band.js";
import { number, t } from "./core.js";

export const isOff = ({ band }) => band === "below" || band === "above";

// Codes of grids without a worker. Where nobody of the whole plan is registered yet, nothing is vacant.
export function vacantOf(draft, planned) {
  if (draft.level === "units") return new Set();
  if (draft.level === "grids" && !planned.some(({ worker }) => worker)) return new Set();
  return new Set(draft.codes().filter((code) => {
    const { kind, worker } = draft.grids.get(code);
    return kind !== "dedicated" && !worker;
  }));
}

const isTorn = (draft, code) => draft.level === "grids" && (draft.figures().get(code)?.pieces || 0) > 1;
export const tornOf = (draft) => draft.codes().filter((code) => isTorn(draft, code));

// Code -> what is wrong with it, in words, worst first.
export function problemsOf(draft, planned) {
  const vacant = vacantOf(draft, planned);
  const off = draft.codes().filter((code) => isOff(draft.grids.get(code)));
  return new Map([...tornOf(draft), ...off, ...vacant].map((code) => {
    const { households, band } = draft.grids.get(code);
    const wrong = [
      isTorn(draft, code) && t("分成 {n} 块，步行不连通", { n: draft.figures().get(code).pieces }),
      isOff({ band }) && `${t("{n} 户", { n: number(households) })} ${BAND_WORDS[band]}`,
      vacant.has(code) && (draft.level === "zones" ? t("没有包保单位") : t("无网格员")),
    ].filter(Boolean);
    return [code, `${draft.shortOf(code)}：${wrong.join(" · ")}`];
  }));
}
