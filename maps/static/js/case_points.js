// The listed cases as points: coloured by category, ringed by how they stand to their limit.

import { colour, t } from "./core.js";
import { colourOf, labelOf, limitWords, moment, standingWords } from "./case_words.js";
import { tip } from "./map.js";

const RINGS = () => ({ overdue: [colour("seal"), 3], soon: ["#d08700", 3], in_time: ["#fffefb", 2], parked: ["#5b6668", 2], closed: ["#fffefb", 1] });

export function ringRows(rings = RINGS()) {
  return ["overdue", "soon", "in_time", "parked"].map((standing) => ({ kind: "ring", colour: standing === "in_time" ? "#c9c4b8" : rings[standing][0], label: standingWords(standing) }));
}

const placeOf = (feature) => (feature.geometry ? [feature.geometry.coordinates[1], feature.geometry.coordinates[0]] : null);

export function casePoints(map, { onCase }) {
  const rings = RINGS();
  const pointer = tip(map);
  const markers = new Map();
  let shown = L.layerGroup().addTo(map);
  let halo = null;
  let kept = null;

  function draw(feature) {
    const row = feature.properties;
    const [ring, weight] = rings[row.standing] || rings.in_time;
    const closed = row.standing === "closed";
    const marker = L.circleMarker(placeOf(feature), { pane: "marks", radius: closed ? 4.5 : 6.5, color: ring, weight, fillColor: colourOf(row.category), fillOpacity: closed ? 0.7 : 1, dashArray: row.standing === "parked" ? "3 2" : null });
    marker.on("click", (event) => {
      L.DomEvent.stop(event);
      onCase(row.incident_id);
    });
    marker.on("mouseover", () => pointer.show(marker.getLatLng(), labelOf("categories", row.category), `${labelOf("tiers", row.tier)} · ${limitWords(row)}`, t("{at} 上报", { at: moment(row.reported_at) })));
    marker.on("mouseout", pointer.hide);
    markers.set(row.incident_id, marker);
    return marker;
  }

  // What a row points at; else the case that is open.
  function mark(latlng = kept) {
    if (halo) halo.remove();
    halo = latlng ? L.circleMarker(latlng, { pane: "marks", radius: 14, color: colour("ink"), weight: 2.5, fill: false, interactive: false, className: "halo" }).addTo(map) : null;
  }

  return {
    // Those with a place, the most pressing above the others.
    show(features) {
      markers.clear();
      pointer.hide();
      const next = L.layerGroup(features.filter(placeOf).reverse().map(draw));
      next.addTo(map);
      shown.remove();
      shown = next;
    },
    visible: (visible) => (visible ? shown.addTo(map) : shown.remove()),
    mark: (feature) => mark(placeOf(feature)),
    unmark: () => mark(),
    // The place of the case that is open, [lon, lat], or null.
    keep(place) {
      kept = place && [place[1], place[0]];
      mark();
    },
  };
}
