// What is to be mended in a community: grids in pieces, grids out of the band, then grids that nobody answers for.

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

export function problemsOf(draft, planned) {
  const figures = draft.level === "grids" ? draft.figures() : new Map();
  const torn = draft.codes().filter((code) => (figures.get(code)?.pieces || 0) > 1);
  const off = draft.codes().filter((code) => isOff(draft.grids.get(code)));
  return [...new Set([...torn, ...off, ...vacantOf(draft, planned)])];
}
