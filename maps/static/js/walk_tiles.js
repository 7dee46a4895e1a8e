// Buildings coloured by minutes on foot to the nearest station of the chosen kinds.

import { colour, number, t } from "./core.js";
import { tip } from "./map.js";
import { sharpTile } from "./sharp_tile.js";

// Class limits: each threshold, and the middle of the widest step, so that near and far stay apart.
export function walkLimits(minutes) {
  const limits = [...minutes];
  if (limits.length > 1) limits.splice(limits.length - 1, 0, (limits[limits.length - 2] + limits[limits.length - 1]) / 2);
  return limits;
}

// One class, one colour, one wording for doors beyond the longest threshold or without any way on foot.
export const beyond = (minutes) => t("超过 {n} 分钟或步行不可达", { n: Math.max(...minutes) });

export function walkTiles(map, options) {
  const limits = walkLimits(options.minutes);
  const tones = [0, 1, 2].slice(3 - Math.min(limits.length, 3)).map((step) => colour(`walk-${step}`));
  const far = colour("walk-3");
  const pointer = tip(map);

  function tone(minutes) {
    if (minutes === null || minutes === undefined || Number.isNaN(minutes)) return far;
    const step = limits.findIndex((limit) => minutes <= limit);
    return step < 0 ? far : tones[Math.min(step, tones.length - 1)];
  }

  const layer = L.vectorGrid.protobuf(options.tiles, {
    pane: "data",
    rendererFactory: sharpTile,
    interactive: true,
    fetchOptions: { credentials: "same-origin" },
    getFeatureId: (feature) => feature.properties.building_id,
    vectorTileLayerStyles: {
      walks: (building) => ({ stroke: false, fill: true, fillColor: tone(building.walk_min), fillOpacity: building.households > 0 ? 0.92 : 0.3 }),
    },
  });
  layer.addTo(map);
  layer.on("mouseover mousemove", (event) => {
    const { walk_min: minutes, households } = event.layer.properties;
    const words = minutes === undefined || minutes === null ? beyond(options.minutes) : t("步行 {n} 分钟", { n: Math.ceil(minutes) });
    pointer.show(event.latlng, words, t("{n} 户", { n: number(households) }));
  });
  layer.on("mouseout", () => pointer.hide());

  return { layer, limits };
}
