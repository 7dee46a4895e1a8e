// What can be taken away: tables and a brief from the service, by the same filters; the map as a picture, made here.

import { byId, data, t } from "./core.js";
import { handOver } from "./download.js";
import { mapPicture } from "./map_picture.js";

export function incidentExport(map, { filters, legend, layer }) {
  const menu = byId("export");

  // Links are whole before they are followed: with keys, by the menu of a right click, or later.
  function link() {
    const query = new URLSearchParams({ ...filters.query(), lang: data.language });
    for (const entry of menu.querySelectorAll("[data-export]")) entry.href = `/api/v1/incidents/${entry.dataset.export}?${query}`;
  }

  async function picture() {
    const { from, to } = filters.span();
    const lines = [`${layer()} · ${t("{from} 至 {to}", { from, to })}`, filters.words().join(" · ")].filter(Boolean);
    byId("export-note").textContent = "";
    const blob = await mapPicture(map, { title: `${data.place} · ${t("事件")}`, lines, rows: legend(), attribution: data.attribution });
    handOver(blob, `incidents-${from}-${to}.png`);
    byId("export-note").textContent = t("图片已生成。");
  }

  byId("export-png").addEventListener("click", picture);
  menu.addEventListener("toggle", link);
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (menu.open && !menu.contains(event.target)) menu.open = false;
  });
  link();
  return { link };
}
