// A map's legend, written once as plain rows, and shown twice: on the page and on the picture that is taken away.

import { h, s } from "./core.js";

// rows: {ramp, from, to}, {colour, label, value, kind: "fill" | "ring" | "line"}, {note, isForPicture}.
export function drawLegend(place, rows) {
  place.replaceChildren(...rows.filter((row) => !row.isForPicture).map((row) => {
    if (row.ramp) {
      const wide = 100 / Math.max(row.ramp.length, 1);
      return h("div", {}, s("svg", { class: "ramp", preserveAspectRatio: "none", viewBox: "0 0 100 10", "aria-hidden": "true" }, row.ramp.map((fill, at) => s("rect", { x: at * wide, y: 0, width: wide + 0.5, height: 10, fill }))),
        h("div", { class: "ramp-ends" }, h("span", {}, row.from), h("span", {}, row.to)));
    }
    if (row.note) return h("div", { class: "quiet legend__note" }, row.note);
    return h("div", { class: "legend__row" }, h("span", { class: `swatch swatch--${row.kind || "fill"}`, swatch: row.colour }), h("span", {}, row.label), row.value === undefined ? null : h("span", {}, row.value));
  }));
}

const LINE = 18;

function wrap(ctx, words, room) {
  const lines = [""];
  // Latin words stay whole, Han characters break anywhere.
  for (const part of words.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+/g) || []) {
    const last = lines.length - 1;
    if (lines[last] && ctx.measureText(lines[last] + part).width > room) lines.push(part.trimStart());
    else lines[last] += part;
  }
  return lines;
}

function paintSwatch(ctx, row, x, y) {
  if (row.kind === "line" || row.kind === "ring") {
    ctx.strokeStyle = row.colour;
    ctx.lineWidth = 2.5;
    ctx.beginPath();
    if (row.kind === "line") ctx.rect(x, y - 4, 20, 0.01);
    else ctx.arc(x + 10, y - 4, 5, 0, 2 * Math.PI);
    ctx.stroke();
    return;
  }
  ctx.fillStyle = row.colour;
  ctx.fillRect(x, y - 10, 20, 12);
}

// Paint the same rows from (x, y) downwards, `wide` px across; returns how tall they are. With `dry` nothing is painted.
export function paintLegend(ctx, rows, { x, y, wide, ink, quiet, dry }) {
  let at = y;
  const write = (words, left, tone, align = "left") => {
    if (dry) return;
    Object.assign(ctx, { fillStyle: tone, textAlign: align });
    ctx.fillText(words, left, at);
  };
  for (const row of rows) {
    if (row.ramp) {
      const step = wide / row.ramp.length;
      if (!dry) row.ramp.forEach((fill, index) => {
        ctx.fillStyle = fill;
        ctx.fillRect(x + index * step, at - 10, step + 0.5, 10);
      });
      at += LINE;
      write(row.from, x, quiet);
      write(row.to, x + wide, quiet, "right");
      at += LINE;
    } else if (row.note) {
      for (const line of wrap(ctx, row.note, wide)) {
        write(line, x, quiet);
        at += LINE;
      }
    } else {
      if (!dry) paintSwatch(ctx, row, x, at);
      write(row.label, x + 28, ink);
      if (row.value !== undefined) write(String(row.value), x + wide, quiet, "right");
      at += LINE;
    }
  }
  return at - y;
}
