// One shape a category, so that stations are told apart without colour.

import { s } from "./core.js";

const SHAPES = [
  ["circle", { cx: 12, cy: 12, r: 8.5 }],
  ["rect", { x: 4.2, y: 4.2, width: 15.6, height: 15.6, rx: 1.5 }],
  ["path", { d: "M12 2.8 21.2 12 12 21.2 2.8 12z" }],
  ["path", { d: "M12 3 21.8 20H2.2z" }],
  ["path", { d: "M12 2.6 20.2 7.3v9.4L12 21.4l-8.2-4.7V7.3z" }],
  ["path", { d: "M12 21 2.2 4h19.6z" }],
  ["path", { d: "M8.8 3h6.4v5.8H21v6.4h-5.8V21H8.8v-5.8H3V8.8h5.8z" }],
  ["path", { d: "M12 2.4 15 9l7 .7-5.3 4.7 1.6 7L12 17.7 5.7 21.4l1.6-7L2 9.7 9 9z" }],
];

// The mark of the category at `index`; size in px.
export function shape(index, colour, size = 14, selected = false) {
  const [tag, properties] = SHAPES[index % SHAPES.length];
  const ink = { fill: colour, stroke: selected ? "#1b2426" : "#fffefb", "stroke-width": selected ? 3 : 2, "stroke-linejoin": "round", "paint-order": "stroke" };
  return s("svg", { width: size, height: size, viewBox: "0 0 24 24", "aria-hidden": "true" }, s(tag, { ...properties, ...ink }));
}
