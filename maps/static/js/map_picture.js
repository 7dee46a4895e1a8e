// The map as it is seen, as one PNG with title, legend and source: made here, of what is drawn already.

import { colour, t } from "./core.js";
import { paintLegend } from "./legend.js";

const SCALE = 2;
const PAD = 16;

function opacityOf(element, root) {
  let share = 1;
  for (let at = element; at && at !== root; at = at.parentElement) share *= Number(getComputedStyle(at).opacity);
  return share;
}

// Panes from the lowest up, each with what it holds.
function paintPanes(ctx, map, box) {
  const root = map.getContainer();
  const panes = Object.values(map.getPanes()).filter((pane) => pane !== map.getPane("mapPane"));
  panes.sort((a, b) => Number(getComputedStyle(a).zIndex) - Number(getComputedStyle(b).zIndex));
  for (const pane of panes) {
    if (pane === map.getPane("tooltipPane") || pane === map.getPane("popupPane")) continue;
    const level = (part) => Number(part.style.zIndex) || 0;
    for (const part of [...pane.querySelectorAll("canvas, img, svg, .count")].sort((a, b) => (a.className === b.className ? level(a) - level(b) : 0))) {
      const at = part.getBoundingClientRect();
      if (!at.width || at.right < box.left || at.left > box.right || at.bottom < box.top || at.top > box.bottom) continue;
      ctx.save();
      ctx.globalAlpha = opacityOf(part, root);
      if (part.tagName === "svg") paintPaths(ctx, part, at, box);
      else if (part.tagName === "DIV") paintCount(ctx, part, at, box);
      else if (part.tagName === "CANVAS" ? part.width : part.complete && part.naturalWidth) ctx.drawImage(part, at.left - box.left, at.top - box.top, at.width, at.height);
      ctx.restore();
    }
  }
}

function paintPaths(ctx, svg, at, box) {
  const view = svg.viewBox.baseVal;
  if (!view || !view.width) return;
  ctx.translate(at.left - box.left, at.top - box.top);
  ctx.scale(at.width / view.width, at.height / view.height);
  ctx.translate(-view.x, -view.y);
  const share = ctx.globalAlpha;
  for (const path of svg.querySelectorAll("path")) {
    const look = getComputedStyle(path);
    const line = new Path2D(path.getAttribute("d"));
    if (look.fill !== "none") {
      ctx.globalAlpha = share * Number(look.fillOpacity);
      ctx.fillStyle = look.fill;
      ctx.fill(line, look.fillRule);
    }
    if (look.stroke !== "none") {
      ctx.globalAlpha = share * Number(look.strokeOpacity);
      Object.assign(ctx, { strokeStyle: look.stroke, lineWidth: parseFloat(look.strokeWidth), lineJoin: "round", lineCap: "round" });
      ctx.setLineDash((path.getAttribute("stroke-dasharray") || "").split(/[ ,]+/).filter(Boolean).map(Number));
      ctx.stroke(line);
    }
  }
}

function paintCount(ctx, icon, at, box) {
  const [x, y] = [at.left + at.width / 2 - box.left, at.top + at.height / 2 - box.top];
  ctx.beginPath();
  ctx.arc(x, y, at.width / 2, 0, 2 * Math.PI);
  Object.assign(ctx, { fillStyle: "rgb(27 36 38 / 88%)", strokeStyle: "rgb(255 254 251 / 90%)", lineWidth: 2 });
  ctx.fill();
  ctx.stroke();
  Object.assign(ctx, { fillStyle: "#fff", textAlign: "center", textBaseline: "middle" });
  ctx.fillText(icon.textContent, x, y);
}

function paintScale(ctx, map, box, ink) {
  const bar = map.getContainer().querySelector(".leaflet-control-scale-line");
  if (!bar) return;
  const wide = bar.getBoundingClientRect().width;
  const [x, y] = [box.width - PAD - wide, box.height - PAD];
  Object.assign(ctx, { strokeStyle: ink, fillStyle: ink, lineWidth: 1.5, textAlign: "center" });
  ctx.beginPath();
  ctx.moveTo(x, y - 6);
  ctx.lineTo(x, y);
  ctx.lineTo(x + wide, y);
  ctx.lineTo(x + wide, y - 6);
  ctx.stroke();
  ctx.fillText(bar.textContent, x + wide / 2, y - 6);
}

function paintBox(ctx, rows, { high, font, ink, quiet, line }) {
  const wide = 236;
  ctx.font = `400 12px ${font}`;
  const tall = paintLegend(ctx, rows, { x: 0, y: 0, wide: wide - 28, ink, quiet, dry: true }) + 40;
  const top = high - PAD - tall;
  Object.assign(ctx, { fillStyle: "rgb(255 254 251 / 96%)", strokeStyle: line, lineWidth: 1 });
  ctx.beginPath();
  ctx.roundRect(PAD, top, wide, tall, 6);
  ctx.fill();
  ctx.stroke();
  Object.assign(ctx, { fillStyle: ink, textAlign: "left", font: `600 12px ${font}` });
  ctx.fillText(t("图例"), PAD + 14, top + 22);
  ctx.font = `400 12px ${font}`;
  paintLegend(ctx, rows, { x: PAD + 14, y: top + 44, wide: wide - 28, ink, quiet });
}

// Promises a PNG. rows: the legend's (see legend.js); lines: what is shown and how it is filtered.
export function mapPicture(map, { title, lines, rows, attribution }) {
  const box = map.getContainer().getBoundingClientRect();
  const head = 40 + lines.length * 20;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [box.width * SCALE, (head + box.height + 28) * SCALE];
  const ctx = canvas.getContext("2d");
  const font = getComputedStyle(document.body).fontFamily;
  const [ink, quiet, line] = ["ink", "ink-3", "line-2"].map(colour);
  ctx.scale(SCALE, SCALE);
  ctx.fillStyle = colour("surface");
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  Object.assign(ctx, { fillStyle: ink, font: `600 18px ${font}` });
  ctx.fillText(title, PAD, 30);
  Object.assign(ctx, { fillStyle: quiet, font: `400 13px ${font}` });
  lines.forEach((words, at) => ctx.fillText(words, PAD, 52 + at * 20));
  Object.assign(ctx, { textAlign: "right", font: `400 11px ${font}` });
  ctx.fillText(attribution, box.width - PAD, head + box.height + 18);
  ctx.translate(0, head);
  ctx.beginPath();
  ctx.rect(0, 0, box.width, box.height);
  ctx.clip();
  ctx.fillStyle = colour("ground");
  ctx.fillRect(0, 0, box.width, box.height);
  ctx.font = `600 12px ${font}`;
  paintPanes(ctx, map, box);
  paintBox(ctx, rows, { high: box.height, font, ink, quiet, line });
  ctx.font = `400 11px ${font}`;
  paintScale(ctx, map, box, ink);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
