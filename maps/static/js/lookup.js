// The residents' page: find the place, fetch the page again with it, put in what it says.

import { byId, data, h, Problem, send, setAddress, t } from "./core.js";

const page = document.querySelector("[data-lookup]");
const PATIENCE_MS = 20000;
let showPlace = () => {};
let last = 0; // the newest question: an older answer that comes late is not shown
let closeList = () => {};
const here = () => location.pathname + location.search;
let shown = here();

// What is said of a question, in the place kept for it; `ways` are the next steps.
function say(words, { failed = false, ways = [] } = {}) {
  const saying = byId("saying");
  saying.replaceChildren(words, ...ways);
  saying.classList.toggle("saying--failed", failed);
}

function fail(words, again) {
  const ways = [h("button", { class: "button", type: "button", onclick: again }, t("再试一次"))];
  if (data.desk) ways.push(h("a", { class: "button", href: `tel:${data.desk.phone.replaceAll(" ", "")}` }, `${data.desk.name} ${data.desk.phone}`));
  say(words, { failed: true, ways });
  byId("saying").scrollIntoView({ block: "nearest" });
}

const addressOf = (query) => `/lookup?${new URLSearchParams({ ...query, ...(data.language === "en" ? { lang: "en" } : {}) })}`;

const tooFast = (response) => t("查得太快了，请过 {minutes} 分钟再试。", { minutes: Math.max(1, Math.ceil(Number(response.headers.get("Retry-After")) / 60)) });

// The server writes the answer; the parsed page is inert, nothing in it runs.
async function fetched(address) {
  const signal = AbortSignal.timeout ? AbortSignal.timeout(PATIENCE_MS) : undefined;
  const response = await fetch(address, { headers: { Accept: "text/html" }, signal });
  const next = new DOMParser().parseFromString(await response.text(), "text/html");
  const told = next.getElementById("told");
  if (!told) throw new Problem(response.status === 429 ? tooFast(response) : t("服务暂时没有回答，请稍后再试。"), response.status);
  return { told, title: next.title, address: new URL(response.url).pathname + new URL(response.url).search };
}

// Put in what a page says; the reader, by eye or by ear, starts at its heading.
function show({ told, title, address }, keep) {
  byId("told").replaceWith(document.adoptNode(told));
  document.title = title;
  if (keep) history.pushState(null, "", address);
  setAddress(address);
  shown = here();
  begin();
  window.scrollTo({ top: 0, behavior: "instant" });
  const heading = byId("title");
  heading.focus({ preventScroll: true });
  showPlace();
}

async function ask(address, keep = true) {
  const mine = ++last;
  closeList();
  page.classList.add("is-waiting");
  page.setAttribute("aria-busy", "true");
  say(t("正在查询……"));
  try {
    const found = await fetched(address);
    if (mine === last) show(found, keep);
  } catch (error) {
    if (mine === last) fail(error instanceof Problem ? error.message : t("连不上网络。请检查网络后再试，急事请直接打电话。"), () => ask(address, keep));
  } finally {
    if (mine === last) {
      page.classList.remove("is-waiting");
      page.removeAttribute("aria-busy");
    }
  }
}

// Five decimals of a degree are one metre: no more is kept or sent.
const place = (lon, lat) => ({ lon: lon.toFixed(5), lat: lat.toFixed(5) });

// A circle larger than the service takes is as good as the largest: it names nobody.
const within = (metres) => Math.max(1, Math.min(5000, Math.round(metres)));

function locate() {
  if (!navigator.geolocation || !window.isSecureContext) {
    say(t("这台设备不能定位。请在下面输入地址，或输入门牌上的编号。"), { failed: true });
    return;
  }
  say(t("正在定位……"));
  const reasons = {
    1: t("没有得到定位许可。可以在浏览器设置里允许，或者在下面输入地址。"),
    2: t("暂时定不了位。请走到窗边或室外再试，或者在下面输入地址。"),
    3: t("定位用时太久。请再试一次，或者在下面输入地址。"),
  };
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => ask(addressOf({ ...place(coords.longitude, coords.latitude), accuracy_m: within(coords.accuracy) })),
    ({ code }) => say(reasons[code] || reasons[2], { failed: true, ways: code === 1 ? [] : [h("button", { class: "button", type: "button", onclick: locate }, t("再试一次"))] }),
    { enableHighAccuracy: true, timeout: 12000, maximumAge: 60000 },
  );
}

const chosen = (found) => ask(addressOf({ ...place(found.lon, found.lat), ...(found.accuracy_m ? { accuracy_m: within(found.accuracy_m) } : {}), q: found.label }));

async function report(form, kind) {
  const part = form.closest("section");
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    await send("POST", "lookup/reports", { kind, grid_code: form.elements.grid_code.value });
    const thanks = h("p", { class: "thanks", id: "thanks", tabindex: "-1", role: "status" }, t("谢谢，已转告社区，会有人来看。"));
    part.replaceChildren(thanks);
    thanks.focus();
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    part.querySelector(".saying")?.remove();
    part.append(h("p", { class: "saying saying--failed", role: "alert" }, error.message));
  }
}

// What nobody needs to read the answer comes when it is used: the offers once somebody is about to type, ...
function begin() {
  const input = byId("q");
  closeList = () => {};
  input.addEventListener("focus", async () => {
    const module = await import("./lookup_suggest.js").catch(() => null); // an address can be typed without offers
    if (module && input.isConnected && !page.classList.contains("is-waiting")) closeList = module.suggest(input, byId("found"), chosen);
  }, { once: true });
}

// ... and the map when it is near, or asked for.
let tries = 0; // a module that did not come is asked for under another address: browsers remember that it failed
async function openMap() {
  try {
    const { open } = await import(`./lookup_map.js${tries ? `?try=${tries}` : ""}`);
    await open(page);
  } catch {
    tries += 1;
    const button = byId("open-map");
    if (button) button.textContent = t("地图没有打开，再试一次");
  }
}

const idle = (act) => (window.requestIdleCallback ? requestIdleCallback(act, { timeout: 3000 }) : setTimeout(act, 300));

function watchForMap() {
  const line = navigator.connection;
  // Whoever pays for each byte, or waits for each, opens the map by hand.
  if ((line && (line.saveData || /2g$/.test(line.effectiveType || ""))) || !window.IntersectionObserver) return;
  const near = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    near.disconnect();
    idle(openMap);
  }, { rootMargin: "120px 0px" });
  const watch = () => near.observe(byId("map-place"));
  // Below the answer, on a phone, it is for those who scroll there; beside it, for all, once the rest has come.
  if (!window.matchMedia("(min-width: 861px)").matches) window.addEventListener("scroll", watch, { once: true, passive: true });
  else if (document.readyState === "complete") idle(watch);
  else window.addEventListener("load", () => idle(watch), { once: true });
}

page.addEventListener("click", (event) => {
  if (event.target.closest("#locate")) locate();
  if (event.target.closest("#open-map, [data-open-map]")) {
    byId("map-place").scrollIntoView({ block: "start" });
    openMap();
  }
  const link = event.target.closest("a[data-ask]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  ask(link.getAttribute("href"));
});

page.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-ask-form]")) {
    event.preventDefault();
    const words = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
    if (Object.values(words).every(Boolean)) ask(addressOf(words));
  } else if (form.matches("[data-report]") && event.submitter) {
    event.preventDefault();
    report(form, event.submitter.value);
  }
});

// A step inside the page, to its foot and back, asks nothing.
window.addEventListener("popstate", () => {
  if (here() !== shown) ask(here(), false);
});

// The map comes after the answer: it only shows where that is.
export function start(map, { grids }) {
  const pin = L.marker([0, 0], { icon: L.divIcon({ className: "here", iconSize: [18, 18] }), keyboard: false, interactive: false });
  showPlace = () => {
    const { grids: codes = "", place: at = "", coarse, answer } = byId("answer")?.dataset || {};
    grids.mark(coarse ? [] : codes.split(",").filter(Boolean));
    pin.remove();
    const [lon, lat] = at.split(",").map(Number);
    if (!at || Number.isNaN(lat)) return;
    pin.setLatLng([lat, lon]).addTo(map);
    // Outside the grids there is nothing to look at: the town stays in view, to choose a place in.
    if (answer === "outside") return;
    map.setView([lat, lon], Math.max(map.getZoom(), coarse ? 15 : 16));
  };
  // Who points at a map means a place some five pixels wide.
  const point = (latlng) => {
    const at = map.latLngToContainerPoint(latlng);
    return ask(addressOf({ ...place(latlng.lng, latlng.lat), accuracy_m: within(latlng.distanceTo(map.containerPointToLatLng(at.add([5, 0])))) }));
  };
  grids.onHover(() => []);
  grids.onClick((code, latlng) => point(latlng));
  map.on("click", (event) => point(event.latlng));
  showPlace();
}

// Thanks are said once, not to whom the address is passed on.
const address = new URL(location.href);
if (address.searchParams.has("reported")) {
  address.searchParams.delete("reported");
  history.replaceState(null, "", address);
}
begin();
watchForMap();
