// People on duty: a day and a community above, a table a tab below; each is asked for when its tab is opened.

import { byId, data, get, h, setAddress } from "./core.js";
import { dutyDialog } from "./people_dialog.js";
import { gridsPart } from "./people_grids.js";
import { leavePart } from "./people_leave.js";
import { loadPart } from "./people_load.js";
import { reportsPart } from "./people_reports.js";
import { vacantPart } from "./people_vacant.js";

const TABS = ["grids", "vacant", "load", "leave", ...(data.can_settle ? ["reports"] : [])];
const stale = new Set(TABS);
let shown = TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "grids";

const asked = () => ({ on: byId("on").value || data.on, area_code: byId("area").value });

async function reload() {
  for (const name of TABS) stale.add(name);
  await Promise.all([show(shown), shown === "grids" ? null : refresh("grids"), shown === "vacant" ? null : refresh("vacant"), data.can_settle && shown !== "reports" ? refresh("reports") : null]);
}

const dialog = data.can_write ? dutyDialog({ asked, changed: reload }) : { assign: null, handOver: null, change: null };
const grids = gridsPart({ asked, ...dialog });
const parts = {
  grids, vacant: vacantPart({ asked, ...dialog, nameOf: grids.nameOf }), load: loadPart({ asked }),
  leave: leavePart({ asked, change: dialog.change, changed: reload }), reports: reportsPart({ asked }),
};

async function refresh(name) {
  if (!stale.delete(name)) return;
  await parts[name].load();
}

async function show(name) {
  shown = name;
  for (const key of TABS) {
    const button = byId(`tab-${key}`);
    button.setAttribute("aria-selected", String(key === name));
    button.tabIndex = key === name ? 0 : -1;
    byId(`part-${key}`).hidden = key !== name;
  }
  const address = new URL(location.href);
  address.searchParams.set("on", asked().on);
  address.hash = name;
  setAddress(address);
  await refresh(name);
}

for (const [at, key] of TABS.entries()) {
  const button = byId(`tab-${key}`);
  button.addEventListener("click", () => show(key));
  button.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = TABS[(at + step + TABS.length) % TABS.length];
    byId(`tab-${next}`).focus();
    show(next);
  });
}
byId("on").addEventListener("change", reload);
byId("area").addEventListener("change", reload);
if (data.can_write) byId("new-leave").addEventListener("click", () => dialog.leave());

reload();
get("areas", { level: "community" }).then(({ features }) =>
  byId("area").append(...features.map((area) => h("option", { value: area.id }, area.properties.name))));
