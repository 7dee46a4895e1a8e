// Doorplates: an area above, three parts below - what must be made anew, batches to print, every plate.

import { byId, get, h, number, send, setAddress, t } from "./core.js";
import { allPart } from "./plates_all.js";
import { printPart } from "./plates_print.js";
import { todoPart } from "./plates_todo.js";
import { ask, attempt, say } from "./plates_words.js";

const TABS = ["todo", "print", "all"];
const stale = new Set(TABS);
let shown = TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "todo";

const asked = () => ({ area_code: byId("area").value });

async function changed() {
  for (const name of TABS) stale.add(name);
  // The sums above come with these two parts.
  await Promise.all([refresh("todo"), refresh("print"), refresh(shown)]);
}

// Say first how many plates it would be, then make them.
const issue = (area, name) => attempt(async () => {
  const wish = { area_code: area, size: byId("size").value };
  const trial = await send("POST", "plates/issue", { ...wish, is_trial: true });
  if (!trial.plates) {
    say(t("{area}的每个门都有门牌。", { area: name }));
    return;
  }
  ask({
    title: t("为{area}制作门牌", { area: name }),
    what: t("共 {n} 块：楼栋 {b}，单元 {s}，其中补发 {r}。尺寸 {size} 毫米。", {
      n: number(trial.plates), b: number(trial.buildings), s: number(trial.stairwells), r: number(trial.replacements), size: wish.size.replace("x", " × "),
    }),
    act: async () => {
      const made = await send("POST", "plates/issue", wish);
      say(t("已制作 {n} 块门牌（第 {batch} 批），请到“印制”下载。", { n: number(made.plates), batch: made.batch_id }));
      await changed();
    },
  });
});

const parts = { todo: todoPart({ asked, issue, changed }), print: printPart({ asked, changed }), all: allPart({ asked, changed }) };

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

byId("area").addEventListener("change", changed);
byId("issue").addEventListener("click", () => {
  const select = byId("area");
  if (!select.value) {
    say(t("先选择一个街道或社区。"));
    select.focus();
    return;
  }
  issue(select.value, select.selectedOptions[0].textContent.trim());
});

show(shown);
changed();
Promise.all([get("areas", { level: "street" }), get("areas", { level: "community" })]).then(([streets, communities]) => {
  for (const street of streets.features) {
    const inside = communities.features.filter((one) => one.properties.parent_code === street.id);
    byId("area").append(h("option", { value: street.id }, street.properties.name), ...inside.map((one) => h("option", { value: one.id }, `　${one.properties.name}`)));
  }
});
