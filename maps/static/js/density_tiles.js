// Incident density: pictures from the server, kernel in metres, one fixed scale for all zooms.

export function densityTiles(map, options) {
  const layer = L.tileLayer(options.tiles, { pane: "heat", opacity: 0.82, crossOrigin: false });
  return {
    layer,
    // Show the density of these filters.
    set(query) {
      const pairs = Object.entries(query).filter(([, value]) => value);
      layer.setUrl(`${options.tiles}?${new URLSearchParams(pairs)}`);
      return this;
    },
    show: (visible) => (visible ? layer.addTo(map) : layer.remove()),
  };
}
