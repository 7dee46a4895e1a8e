// Incident density: pictures from the server, kernel in metres, one fixed scale for all zooms.

const OPACITY = 0.82;

export function densityTiles(map, options) {
  let current = null;
  let coming = null;

  function drop(layer) {
    if (layer) layer.remove();
    return null;
  }

  return {
    // Show the density of these filters; the promise is kept when it is drawn. What was drawn stays until then, and
    // what is no longer wanted ends its requests.
    set(query) {
      const pairs = Object.entries(query).filter(([, value]) => value);
      const url = `${options.tiles}?${new URLSearchParams(pairs)}`;
      coming = drop(coming);
      if (current && current._url === url) return Promise.resolve();
      const layer = (coming = L.tileLayer(url, { pane: "heat", opacity: 0, crossOrigin: false, tileSize: 512, zoomOffset: -1 }));
      return new Promise((done) => {
        layer.on("remove", done);
        layer.once("load", () => {
          if (layer === coming) {
            layer.setOpacity(OPACITY);
            drop(current);
            [current, coming] = [layer, null];
          }
          done();
        });
        layer.addTo(map);
      });
    },
    hide() {
      [current, coming] = [drop(current), drop(coming)];
    },
  };
}
