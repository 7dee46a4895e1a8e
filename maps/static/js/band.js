// Households against the band: words, a badge, a small gauge.

import { data, h, s, t } from "./core.js";

const [LOW, HIGH] = data.band;
export const BANDS = [["below", t("低于规模")], ["within", t("规模适当")], ["above", t("高于规模")], ["dedicated", t("专属")]];
export const BAND_WORDS = Object.fromEntries(BANDS);

export function bandOf(households, kind) {
  if (kind === "dedicated") return kind;
  if (households < LOW) return "below";
  return households > HIGH ? "above" : "within";
}

export const bandDot = (band) => h("span", { class: "dot", swatch: `var(--band-${band})` });

export const bandBadge = (band) => h("span", { class: "badge" }, bandDot(band), BAND_WORDS[band] || band);

// The band shaded, the households as a tick.
export function gauge(households) {
  const width = 64;
  const reach = HIGH * 1.6;
  const at = (value) => Math.max(1, Math.min(width - 1, (value / reach) * width));
  return s(
    "svg",
    { class: "bullet", width, height: 6, viewBox: `0 0 ${width} 6`, "aria-hidden": "true" },
    s("rect", { x: 0, y: 2, width, height: 2, rx: 1, fill: "var(--sunk)" }),
    s("rect", { x: at(LOW), y: 1, width: at(HIGH) - at(LOW), height: 4, rx: 1, fill: "var(--line-2)" }),
    s("rect", { x: at(households) - 1.25, y: 0, width: 2.5, height: 6, rx: 1, fill: "var(--ink)" }),
  );
}
