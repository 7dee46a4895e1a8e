// The residents' page: find the place, fetch the page again with it, put its answer in.

import { byId, data, debounce, get, h, setAddress, t } from "./core.js";

const page = document.querySelector("[data-lookup]");
const saying = byId("saying");
const KINDS = { compound: t("小区"), community: t("社区"), building: t("楼栋"), address: t("地址") };
let mapIsHere = () => {};

function say(words, failed = false) {
  saying.textContent = words;
  saying.classList.toggle("saying--failed", failed);
}

const lookupUrl = (query) => `/lookup?${new URLSearchParams({ ...query, ...(data.language === "en" ? { lang: "en" } : {}) })}`;

// The server writes the answer; the parsed page is inert, nothing in it runs.
async function ask(query) {
  page.classList.add("is-waiting");
  say(t("正在查询……"));
  try {
    const response = await fetch(lookupUrl(query), { headers: { Accept: "text/html" } });
    const next = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("answer");
    if (!next) throw new TypeError("no answer");
    byId("answer").replaceWith(document.adoptNode(next));
    setAddress(lookupUrl(query));
    say("");
    mapIsHere();
    if (next.childElementCount && window.matchMedia("(max-width: 860px)").matches) next.scrollIntoView({ block: "start", behavior: "smooth" });
  } catch {
    say(t("连不上服务，请检查网络后再试。"), true);
  } finally {
    page.classList.remove("is-waiting");
  }
}

// Five decimals of a degree are one metre: no more is kept or sent.
const place = (lon, lat) => ({ lon: lon.toFixed(5), lat: lat.toFixed(5) });

function locate() {
  if (!navigator.geolocation || !window.isSecureContext) {
    say(t("这台设备不能定位，请输入地址查询。"), true);
    return;
  }
  say(t("正在定位……"));
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => ask({ ...place(coords.longitude, coords.latitude), accuracy_m: Math.round(coords.accuracy) }),
    (error) => say(error.code === 1 ? t("没有得到定位许可，请在浏览器里允许，或输入地址查询。") : t("暂时定不了位，请输入地址查询。"), true),
    { enableHighAccuracy: true, timeout: 12000, maximumAge: 60000 },
  );
}

function suggest() {
  const input = byId("q");
  const list = byId("found");
  let places = [];
  let at = -1;
  let isSent = false; // what is offered late must not lie over the answer

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
  }
  function take(found) {
    input.value = found.label;
    isSent = true;
    close();
    ask({ ...place(found.lon, found.lat), ...(found.accuracy_m ? { accuracy_m: Math.round(found.accuracy_m) } : {}), q: found.label });
  }
  function draw() {
    list.replaceChildren(...places.map((found, index) => h("li", { role: "option", id: `found-${index}`, "aria-selected": String(index === at), onmousedown: (event) => {
      event.preventDefault();
      take(found);
    } }, h("span", {}, found.label), h("small", {}, KINDS[found.kind] || found.kind))));
    list.hidden = !places.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (at >= 0) input.setAttribute("aria-activedescendant", `found-${at}`);
    else input.removeAttribute("aria-activedescendant");
  }

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-controls", "found");
  input.addEventListener("input", () => {
    isSent = false;
  });
  input.addEventListener("input", debounce(async () => {
    const q = input.value.trim();
    if (isSent || q.length < 2) return close();
    try {
      const body = await get("search", { q });
      if (isSent || input.value.trim() !== q) return undefined;
      places = body.places.slice(0, 6);
      at = -1;
      return draw();
    } catch {
      return close();
    }
  }, 220));
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + places.length) % places.length;
      draw();
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      take(places[at]);
    } else if (event.key === "Escape") close();
  });
  input.addEventListener("blur", close);
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    isSent = true;
    close();
    if (input.value.trim()) ask({ q: input.value.trim() });
  });
}

// The map comes after the answer: it only shows where that is.
export function start(map, { grids }) {
  const pin = L.marker([0, 0], { icon: L.divIcon({ className: "here", iconSize: [14, 14] }), keyboard: false, interactive: false });
  mapIsHere = () => {
    const answer = byId("answer");
    const codes = (answer.dataset.grids || "").split(",").filter(Boolean);
    const [lon, lat] = (answer.dataset.place || "").split(",").map(Number);
    grids.mark(answer.dataset.coarse ? [] : codes);
    pin.remove();
    if (!answer.dataset.place || Number.isNaN(lat)) return;
    pin.setLatLng([lat, lon]).addTo(map);
    // Outside the grids there is nothing to look at: the town stays in view, to choose a place in.
    if (answer.dataset.answer === "outside") return;
    map.setView([lat, lon], Math.max(map.getZoom(), answer.dataset.coarse ? 15 : 16));
  };
  // Who points at a map means a place some five pixels wide.
  const point = (latlng) => {
    const at = map.latLngToContainerPoint(latlng);
    const accuracy = latlng.distanceTo(map.containerPointToLatLng(at.add([5, 0])));
    return ask({ ...place(latlng.lng, latlng.lat), accuracy_m: Math.max(1, Math.min(5000, Math.round(accuracy))) });
  };
  grids.onHover(() => []);
  grids.onClick((code, latlng) => point(latlng));
  map.on("click", (event) => point(event.latlng));
  mapIsHere();
}

page.classList.remove("no-script");
byId("locate").addEventListener("click", locate);
suggest();
