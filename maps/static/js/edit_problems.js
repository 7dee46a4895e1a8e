// What is to be mended in a community: grids out of the band, then grids that nobody answers for.

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
  const off = draft.codes().filter((code) => isOff(draft.grids.get(code)));
  return [...new Set([...off, ...vacantOf(draft, planned)])];
}
