// Places offered while an address is typed: a combobox with a list, by mouse, touch or keys.

import { debounce, get, h, t } from "./core.js";

const KINDS = { compound: t("小区"), community: t("社区"), building: t("楼栋"), address: t("地址") };
const SHOWN = 5;

// `take` is handed the place that was chosen. Returns what closes the list: what is offered late must not lie over an answer.
export function suggest(input, list, take) {
  let places = [];
  let at = -1;
  let isSent = false;

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function choose(found) {
    input.value = found.label;
    isSent = true;
    close();
    take(found);
  }
  function draw() {
    list.replaceChildren(...places.map((found, index) => h("li", { role: "option", id: `found-${index}`, "aria-selected": String(index === at), onmousedown: (event) => {
      event.preventDefault();
      choose(found);
    } }, h("span", {}, found.label), h("small", {}, KINDS[found.kind] || found.kind))));
    list.hidden = !places.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (at >= 0) input.setAttribute("aria-activedescendant", `found-${at}`);
    else input.removeAttribute("aria-activedescendant");
  }
  const offer = debounce(async () => {
    const q = input.value.trim();
    if (isSent || q.length < 2) return close();
    try {
      const body = await get("search", { q });
      if (isSent || input.value.trim() !== q) return undefined;
      places = body.places.slice(0, SHOWN);
      at = -1;
      return draw();
    } catch {
      return close();
    }
  }, 220);

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.addEventListener("input", () => {
    isSent = false;
    offer();
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + places.length) % places.length;
      draw();
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      choose(places[at]);
    } else if (event.key === "Escape") {
      event.preventDefault(); // a search box would be emptied
      close();
    }
  });
  input.addEventListener("blur", close);
  if (input.value !== input.defaultValue) offer(); // typed while this came
  return () => {
    isSent = true;
    close();
  };
}
