// A canvas for vector tiles that is sharp on dense screens, and the one line that VectorGrid 1.3.0 lacks.

// Leaflet >= 1.8 dropped fakeStop; without it a click on a tile stops the whole map (VectorGrid #274).
L.DomEvent.fakeStop = L.DomEvent.fakeStop || function () {};

const SharpTile = L.Canvas.Tile.extend({
  initialize(coord, size, options) {
    L.Canvas.Tile.prototype.initialize.call(this, coord, size, options);
    const density = Math.min(window.devicePixelRatio || 1, 3);
    this._container.width = size.x * density;
    this._container.height = size.y * density;
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this._ctx.scale(density, density);
  },
});

export const sharpTile = (coord, size, options) => new SharpTile(coord, size, options);

// Diagonal hatching: readable without colour.
export function hatch(ink, paper) {
  const side = 8;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = paper;
  ctx.fillRect(0, 0, side, side);
  ctx.strokeStyle = ink;
  ctx.lineWidth = 1.6;
  ctx.beginPath();
  for (const shift of [-side, 0, side]) {
    ctx.moveTo(shift - 1, side + 1);
    ctx.lineTo(shift + side + 1, -1);
  }
  ctx.stroke();
  return ctx.createPattern(canvas, "repeat");
}
