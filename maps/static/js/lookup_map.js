// The map's library, which weighs more than all the rest: opened once the answer is there and the map is near, or asked
// for. What it takes lies in a template of the page, as Folium wrote it.

import { byId, t } from "./core.js";

const NEAR = "120px 0px";
let opening = null;

function loaded(element) {
  return new Promise((resolve, reject) => {
    element.addEventListener("load", resolve, { once: true });
    element.addEventListener("error", () => reject(new TypeError("not loaded")), { once: true });
    document.head.append(element);
  });
}

async function build(page) {
  const parts = byId("map-parts").content;
  await Promise.all([...parts.querySelectorAll("link")].map((link) => loaded(document.importNode(link))));
  for (const script of parts.querySelectorAll("script[src]")) {
    const copy = document.importNode(script);
    copy.async = false;
    await loaded(copy); // one after another: plug-ins stand on the library
  }
  page.classList.add("has-map"); // the frame takes its size now: Leaflet measures it once
  byId("frame").replaceChildren(document.importNode(parts.querySelector("#map"), true));
  const written = parts.querySelector("script:not([src])");
  const script = document.createElement("script");
  script.type = "module";
  script.nonce = written.nonce || written.getAttribute("nonce");
  script.textContent = written.textContent;
  document.body.append(script);
}

function open(page) {
  opening ??= build(page).catch(() => {
    opening = null;
    const button = byId("open-map");
    if (button) button.textContent = t("地图没有打开，再试一次");
  });
  return opening;
}

const idle = (act) => (window.requestIdleCallback ? requestIdleCallback(act, { timeout: 3000 }) : setTimeout(act, 300));

// Whoever pays for each byte, or waits for each, opens the map by hand.
function isThrifty() {
  const line = navigator.connection;
  return Boolean(line && (line.saveData || /2g$/.test(line.effectiveType || "")));
}

export function watchForMap(page) {
  page.addEventListener("click", (event) => {
    if (!event.target.closest("#open-map, [data-open-map]")) return;
    byId("map-place").scrollIntoView({ block: "start" });
    open(page);
  });
  if (isThrifty() || !window.IntersectionObserver) return;
  const near = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    near.disconnect();
    idle(() => open(page));
  }, { rootMargin: NEAR });
  const watch = () => near.observe(byId("map-place"));
  const isBeside = window.matchMedia("(min-width: 861px)").matches;
  // Below the answer, on a phone, it is for those who scroll there; beside it, for all, once the rest has come.
  if (!isBeside) window.addEventListener("scroll", watch, { once: true, passive: true });
  else if (document.readyState === "complete") idle(watch);
  else window.addEventListener("load", () => idle(watch), { once: true });
}
