// The map's library, which weighs more than all the rest: opened once the answer is there and the map is near, or asked
// for (lookup.js). What it takes lies in a template of the page, as Folium wrote it.

import { byId } from "./core.js";

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

// Once, however often it is asked for; what fails may be tried again.
export function open(page) {
  opening ??= build(page).catch((error) => {
    opening = null;
    throw error;
  });
  return opening;
}
