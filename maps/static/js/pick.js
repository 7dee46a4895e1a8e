// A place asked for: a click on the map, or the map's middle by key; Escape is no answer.

import { byId, setText, t } from "./core.js";
import { showMap } from "./map.js";

let ending = null;

// Promises {lon, lat}, or null where it was given up; a newer question ends the older.
export function pickPlace(map, words) {
  if (ending) ending(null);
  const box = map.getContainer();
  const before = document.activeElement;
  showMap();
  byId("hint").hidden = false;
  setText("hint", t("{words}：点击地图，或移动地图后按回车取中心；Esc 取消", { words }));
  box.classList.add("is-picking");
  box.focus({ preventScroll: true });
  return new Promise((done) => {
    function answer(latlng) {
      ending = null;
      box.removeEventListener("click", click, true);
      document.removeEventListener("keydown", key, true);
      box.classList.remove("is-picking");
      byId("hint").hidden = true;
      if (before && before.isConnected) before.focus({ preventScroll: true });
      done(latlng && { lon: Number(latlng.lng.toFixed(7)), lat: Number(latlng.lat.toFixed(7)) });
    }
    // Before any layer hears it: whatever lies there, the click is the answer.
    function click(event) {
      if (event.target.closest(".leaflet-control")) return;
      event.stopPropagation();
      if (!map.dragging.moved()) answer(map.mouseEventToLatLng(event));
    }
    function key(event) {
      if (event.key === "Escape") answer(null);
      else if (event.key === "Enter" && event.target === box) answer(map.getCenter());
      else return;
      event.preventDefault();
      event.stopPropagation();
    }
    ending = answer;
    box.addEventListener("click", click, true);
    document.addEventListener("keydown", key, true);
  });
}
