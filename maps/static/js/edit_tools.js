// The hand on the map: pick, rectangle, lasso, brush and hand. What is dragged selects; the map stays where it is.

import { screenOf } from "./edit_cells.js";

const NEAR = 4; // px: less is a click
const BRUSH = 7; // px
const POINTS_MIN = 6; // px between points of a lasso
const [BORDER, SWEEP] = [9, 4]; // px: how near to a border one presses; between places of a sweep

const modeOf = (event) => (event.altKey ? "less" : event.shiftKey || event.ctrlKey || event.metaKey ? "more" : "only");

// `hear`: point(cell, event), click(cell, mode), select(cells, mode), stroke(cells, mode, isFirst), rubber(ring or null, isOpen),
// press(place, radius) -> whether a border is held, sweep(cell, event), rest(), line(points in lon and lat).
export function mapTools(map, { mesh, hear }) {
  const box = map.getContainer();
  const stage = box.closest(".stage");
  const state = { tool: "pick", isHeld: false, drag: null };
  const handlers = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: cancel, pointerleave: () => hear.point(-1) };
  const isHand = () => state.tool === "hand" || state.isHeld;

  const placeOf = (event) => {
    const { left, top } = box.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const cellAt = (place) => mesh().cellAt(...screenOf(map, mesh()).toPlane(place));

  // Leaflet drags with the hand alone.
  function settle() {
    const how = isHand() ? "enable" : "disable";
    map.dragging[how]();
    stage.dataset.tool = isHand() ? "hand" : state.tool;
  }

  function down(event) {
    if (isHand() || event.button !== 0 || !event.isPrimary || event.target.closest(".leaflet-control")) return;
    const place = placeOf(event);
    box.setPointerCapture(event.pointerId);
    state.drag = { from: place, last: place, points: [place], mode: modeOf(event), isFar: false };
    if (state.tool === "brush") stroke(place, true);
    if (state.tool === "border") press(place);
  }

  function press(place) {
    const screen = screenOf(map, mesh());
    state.drag.start = cellAt(place);
    if (!hear.press(screen.toPlane(place), BORDER / screen.scale)) state.drag = null;
  }

  // Every cell on the way is told; the one where the drag began only where it goes on inside.
  function sweep(place, event) {
    const { drag } = state;
    const [[ax, ay], [bx, by]] = [drag.last, place];
    const steps = Math.max(1, Math.ceil(Math.hypot(bx - ax, by - ay) / SWEEP));
    for (let step = 1; step <= steps; step += 1) {
      const at = [ax + ((bx - ax) * step) / steps, ay + ((by - ay) * step) / steps];
      const cell = cellAt(at);
      const isInside = Math.hypot(at[0] - drag.from[0], at[1] - drag.from[1]) > BORDER + NEAR;
      if (cell !== drag.start) drag.start = -1;
      if (cell >= 0 && (cell !== drag.start || isInside)) hear.sweep(cell, event);
    }
    drag.last = place;
  }

  function move(event) {
    const place = placeOf(event);
    const { drag } = state;
    if (!drag) {
      hear.point(isHand() ? -1 : cellAt(place), event);
      return;
    }
    drag.isFar = drag.isFar || Math.hypot(place[0] - drag.from[0], place[1] - drag.from[1]) > NEAR;
    if (state.tool === "brush") stroke(place, false);
    else if (state.tool === "border") sweep(place, event);
    else if (drag.isFar && state.tool !== "pick") stretch(place);
  }

  function stroke(place, isFirst) {
    const screen = screenOf(map, mesh());
    const cells = isFirst
      ? new Set([cellAt(place)].filter((cell) => cell >= 0))
      : mesh().cellsAlong(screen.toPlane(state.drag.last), screen.toPlane(place), BRUSH / screen.scale);
    state.drag.last = place;
    hear.stroke(cells, state.drag.mode, isFirst);
  }

  function stretch(place) {
    const { drag } = state;
    const [[x, y], [toX, toY]] = [drag.from, place];
    if (state.tool === "rectangle") drag.points = [[x, y], [toX, y], [toX, toY], [x, toY]];
    else if (Math.hypot(toX - drag.last[0], toY - drag.last[1]) >= POINTS_MIN) {
      drag.points.push(place);
      drag.last = place;
    }
    hear.rubber(drag.points, state.tool === "line");
  }

  function up(event) {
    const { drag, tool } = state;
    if (!drag) return;
    state.drag = null;
    hear.rubber(null);
    hear.rest();
    if (tool === "brush" || tool === "border") return;
    if (tool === "line") drawn([...drag.points, placeOf(event)]);
    else if (tool === "pick" || !drag.isFar) hear.click(cellAt(placeOf(event)), drag.mode);
    else if (drag.points.length > 2) hear.select(mesh().cellsIn(drag.points.map(screenOf(map, mesh()).toPlane)), drag.mode);
  }

  function drawn(points) {
    if (points.length < 3) return;
    hear.line(points.map((place) => map.containerPointToLatLng(place)).map(({ lng, lat }) => [lng, lat]));
  }

  function cancel() {
    state.drag = null;
    hear.rubber(null);
  }

  return {
    start() {
      for (const [name, act] of Object.entries(handlers)) box.addEventListener(name, act);
      for (const name of ["boxZoom", "doubleClickZoom"]) map[name].disable();
      settle();
    },
    stop() {
      cancel();
      for (const [name, act] of Object.entries(handlers)) box.removeEventListener(name, act);
      for (const name of ["boxZoom", "doubleClickZoom", "dragging"]) map[name].enable();
      delete stage.dataset.tool;
    },
    use(tool) {
      cancel();
      state.tool = tool;
      settle();
    },
    // The hand as long as space is down.
    hold(isHeld) {
      state.isHeld = isHeld;
      settle();
    },
    cancel,
    get tool() {
      return state.tool;
    },
    get isDragging() {
      return state.drag !== null;
    },
  };
}
