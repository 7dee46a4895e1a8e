// The canvas of a community's cells: coloured by grid, with thick borders, what is selected, and figures where there is room.

import { colour, number } from "./core.js";
import { scaleAt } from "./edit_mesh.js";

const PAPER = "255, 254, 251";
const ROOM = [26, 14]; // px that a figure needs
const BOLD = 600;

// A canvas over the map that follows it, also while it zooms; `paint(context, view)` draws in the plane of a mesh.
const Sheet = L.Layer.extend({
  initialize(pane, paint) {
    this._pane = pane;
    this._paint = paint;
  },
  onAdd(map) {
    this._canvas = L.DomUtil.create("canvas", "edit-sheet leaflet-zoom-animated", map.getPane(this._pane));
    map.on("move zoom viewreset resize", this._drawNow, this);
    map.on("zoomanim", this._follow, this);
    this._drawNow();
  },
  onRemove(map) {
    map.off("move zoom viewreset resize", this._drawNow, this);
    map.off("zoomanim", this._follow, this);
    this._canvas.remove();
  },
  // Draw with the next frame: many changes, one drawing.
  draw() {
    if (!this._frame) this._frame = requestAnimationFrame(() => this._drawNow());
  },
  _follow({ zoom, center }) {
    const scale = this._map.getZoomScale(zoom, this._zoom);
    L.DomUtil.setTransform(this._canvas, this._map._latLngToNewLayerPoint(this._corner, zoom, center), scale);
  },
  _drawNow() {
    cancelAnimationFrame(this._frame);
    this._frame = null;
    if (!this._map) return;
    const { x, y } = this._map.getSize();
    const density = window.devicePixelRatio || 1;
    const canvas = this._canvas;
    if (canvas.width !== x * density || canvas.height !== y * density) {
      [canvas.width, canvas.height] = [x * density, y * density];
      [canvas.style.width, canvas.style.height] = [`${x}px`, `${y}px`];
    }
    this._zoom = this._map.getZoom();
    this._corner = this._map.containerPointToLatLng([0, 0]);
    L.DomUtil.setTransform(canvas, this._map.containerPointToLayerPoint([0, 0]), 1);
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    this._paint(context, { width: x, height: y, density });
  },
});

// Where the plane of a mesh lies on the screen now.
export function screenOf(map, mesh) {
  const scale = scaleAt(map.getZoom());
  const corner = map.getPixelBounds().min;
  return {
    scale,
    toScreen: ([x, y]) => [(mesh.origin.x + x) * scale - corner.x, (mesh.origin.y + y) * scale - corner.y],
    toPlane: ([x, y]) => [(x + corner.x) / scale - mesh.origin.x, (y + corner.y) / scale - mesh.origin.y],
  };
}

export function cellLayer(map) {
  for (const [name, level] of [["cells", 360], ["figures", 470]]) {
    const pane = map.createPane(name);
    pane.style.zIndex = level;
    pane.style.pointerEvents = "none";
  }
  const tones = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => colour(`grid-${n}`));
  const [ink, accent, family] = [colour("ink"), colour("accent"), getComputedStyle(document.body).fontFamily];
  const state = { draft: null, selected: new Set(), moves: new Map(), target: null, pointed: null, cursor: -1, rubber: null, isOpen: false };
  const sheets = [new Sheet("cells", paint), new Sheet("figures", paintFigures)];

  function paint(context, view) {
    if (!state.draft) return;
    const screen = screenOf(map, state.draft.mesh);
    const picture = state.draft.picture();
    const [left, top] = screen.toScreen([0, 0]);
    const scale = screen.scale * view.density;
    context.setTransform(scale, 0, 0, scale, left * view.density, top * view.density);
    context.lineJoin = context.lineCap = "round";
    const brush = { context, screen, picture, px: (width) => width / screen.scale };
    paintGrids(brush);
    paintSelected(brush);
    paintPointed(brush);
    context.setTransform(view.density, 0, 0, view.density, 0, 0);
    paintRubber(context);
  }

  function paintGrids({ context, picture, px, screen }) {
    const { mesh, grids } = state.draft;
    for (const [code, path] of picture.fills) {
      context.fillStyle = tones[picture.colours.get(code)];
      context.globalAlpha = 0.7;
      context.fill(path, "evenodd");
    }
    context.globalAlpha = screen.scale < 0.2 ? 0.12 : 0.26;
    stroke(context, mesh.outlines, ink, px(0.6));
    context.globalAlpha = 1;
    for (const [code, path] of picture.fills) {
      const { band } = grids.get(code) || {};
      if (band === "below" || band === "above") strokeWithin(context, path, picture.lines.get(code), colour(`band-${band}`), px(11));
    }
    for (const line of picture.lines.values()) stroke(context, line, ink, px(state.draft.frames ? 1.4 : 2.2));
    for (const line of state.draft.frames?.values() || []) stroke(context, line, ink, px(3.4));
  }

  function stroke(context, path, tone, width) {
    context.strokeStyle = tone;
    context.lineWidth = width;
    context.stroke(path);
  }

  function strokeWithin(context, shape, line, tone, width) {
    context.save();
    context.clip(shape, "evenodd");
    stroke(context, line, tone, width);
    context.restore();
  }

  function paintSelected({ context, picture, px }) {
    const { selected, draft } = state;
    if (!selected.size) return;
    const toward = (cell) => (selected.has(cell) ? state.moves.get(cell) ?? "" : null);
    const paths = new Map();
    selected.forEach((cell) => {
      const code = toward(cell);
      if (!paths.has(code)) paths.set(code, new Path2D());
      paths.get(code).addPath(draft.mesh.cells[cell].path);
    });
    for (const [code, path] of paths) {
      context.fillStyle = toneOf(picture, code);
      context.fill(path, "evenodd");
      context.globalAlpha = 0.3;
      context.fillStyle = accent;
      context.fill(path, "evenodd");
      context.globalAlpha = 1;
    }
    const { lines } = draft.mesh.borders(toward);
    for (const [width, tone] of [[5.5, `rgb(${PAPER})`], [2.6, accent]]) for (const code of paths.keys()) stroke(context, lines.get(code), tone, px(width));
  }

  // Grids that are not there yet have a colour already; what goes nowhere yet is paper.
  function toneOf({ colours }, code) {
    if (colours.has(code)) return tones[colours.get(code)];
    return /\d$/.test(code) ? tones[Number(code.slice(-3)) % tones.length] : `rgb(${PAPER})`;
  }

  function paintPointed({ context, picture, px }) {
    const { cursor, draft } = state;
    const code = state.target || state.pointed;
    if (picture.lines.has(code)) strokeWithin(context, picture.fills.get(code), picture.lines.get(code), accent, px(state.target ? 9 : 6));
    if (cursor >= 0 && draft.mesh.cells[cursor]) {
      stroke(context, draft.mesh.cells[cursor].path, `rgb(${PAPER})`, px(4));
      stroke(context, draft.mesh.cells[cursor].path, ink, px(2));
    }
  }

  function write(context, words, [x, y], { size, weight = 400 }) {
    context.font = `${weight} ${size}px ${family}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.strokeStyle = `rgba(${PAPER}, 0.92)`;
    context.lineWidth = weight >= BOLD ? 4 : 2.5;
    context.strokeText(words, x, y);
    context.fillStyle = ink;
    context.fillText(words, x, y);
  }

  // Figures of cells where there is room, then of grids over them, those out of the band first: no two on each other.
  function paintFigures(context, view) {
    if (!state.draft) return;
    context.setTransform(view.density, 0, 0, view.density, 0, 0);
    const { mesh } = state.draft;
    const screen = screenOf(map, mesh);
    const taken = [];
    for (const label of labels(screen)) placeLabel(context, label, taken);
    for (const { box, inside, households } of mesh.cells) {
      const [wide, high] = [(box[2] - box[0]) * screen.scale, (box[3] - box[1]) * screen.scale];
      if (!households || wide < ROOM[0] || high < ROOM[1]) continue;
      const [x, y] = screen.toScreen(inside);
      const isSeen = x > 0 && y > 0 && x < view.width && y < view.height;
      if (isSeen && isFree(taken, [x - 10, y - 6, x + 10, y + 6])) write(context, number(households), [x, y], { size: 11 });
    }
  }

  const isFree = (taken, [west, north, east, south]) => taken.every((box) => box[0] > east || box[2] < west || box[1] > south || box[3] < north);

  // Name and households; where they find no room the households alone; else nothing.
  function placeLabel(context, { words, figure, isLocked, at: [x, y] }, taken) {
    context.font = `600 12px ${family}`;
    const half = context.measureText(words).width / 2 + (isLocked ? 8 : 0);
    for (const box of [[x - half, y - 15, x + half, y + 15], [x - 14, y - 7, x + 14, y + 7]]) {
      if (!isFree(taken, box)) continue;
      taken.push(box);
      const isWhole = box[1] === y - 15;
      if (isWhole) write(context, words, [x + (isLocked ? 7 : 0), y - 8], { size: 12, weight: BOLD });
      if (isWhole && isLocked) paintLock(context, x - half, y - 8);
      write(context, figure, [x, isWhole ? y + 8 : y], { size: 13, weight: BOLD });
      return;
    }
  }

  function paintLock(context, x, y) {
    context.fillStyle = context.strokeStyle = accent;
    context.lineWidth = 1.5;
    context.fillRect(x, y - 1, 9, 7);
    context.beginPath();
    context.arc(x + 4.5, y - 1, 3, Math.PI, 0);
    context.stroke();
  }

  // Each grid's label at its cell that is nearest to its middle.
  function labels(screen) {
    const { mesh, grids, shortOf } = state.draft;
    const rank = (code) => (["below", "above"].includes(grids.get(code)?.band) ? 0 : grids.get(code)?.households ? 1 : 2);
    const codes = [...state.draft.picture().members.keys()].filter((code) => grids.has(code)).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
    return codes.map((code) => {
      const cells = state.draft.picture().members.get(code).map((cell) => mesh.cells[cell].inside);
      const middle = [0, 1].map((side) => cells.reduce((sum, place) => sum + place[side], 0) / cells.length);
      const away = (place) => Math.hypot(place[0] - middle[0], place[1] - middle[1]);
      const nearest = cells.reduce((best, place) => (away(place) < away(best) ? place : best));
      const { households, is_locked: isLocked } = grids.get(code);
      return { words: shortOf(code), figure: number(households), isLocked, at: screen.toScreen(nearest) };
    });
  }

  function paintRubber(context) {
    if (!state.rubber || state.rubber.length < 2) return;
    const path = new Path2D();
    state.rubber.forEach(([x, y], at) => (at ? path.lineTo(x, y) : path.moveTo(x, y)));
    if (!state.isOpen) {
      path.closePath();
      context.fillStyle = accent;
      context.globalAlpha = 0.08;
      context.fill(path);
      context.globalAlpha = 1;
    }
    context.setLineDash([5, 4]);
    stroke(context, path, accent, state.isOpen ? 2.5 : 1.5);
    context.setLineDash([]);
  }

  return {
    // Change what is shown: draft, selected, moves (cell -> code), target, pointed, cursor, rubber (screen px; open: a line).
    show(change) {
      Object.assign(state, change);
      for (const sheet of sheets) {
        if (!map.hasLayer(sheet)) sheet.addTo(map);
        else sheet.draw();
      }
    },
    hide() {
      sheets.forEach((sheet) => sheet.remove());
      state.draft = null;
    },
  };
}

// The grids of the other communities, dimmed and deaf.
export function aroundLayer(map, { planId, revision, area }) {
  const dim = { stroke: true, color: colour("ink-2"), weight: 1, opacity: 0.35, fill: true, fillColor: colour("ink-3"), fillOpacity: 0.12 };
  return L.vectorGrid.protobuf(`/tiles/grids/${planId}/{z}/{x}/{y}.mvt?v=${revision}`, {
    pane: "data", interactive: false, fetchOptions: { credentials: "same-origin" },
    vectorTileLayerStyles: { grids: (grid) => (grid.grid_code.startsWith(area) ? [] : dim), zones: [], grid_labels: [] },
  }).addTo(map);
}
