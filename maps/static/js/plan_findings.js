// What is wrong with a plan: errors first, each with its place, size and what would mend it.

import { empty, fill, get, h, number, Problem, send, t } from "./core.js";
import { besideCard, fitBox } from "./map.js";

const UNITS = { m2: (n) => `${n} m²`, households: (n) => t("{n} 户", { n }), buildings: (n) => t("{n} 栋", { n }), communities: (n) => t("{n} 个社区", { n }) };
const FOLDED = 5; // findings of one kind that are shown at once
const ROOM = 18; // px around a small place

const sizeOf = ({ size, unit }) => (size === null ? "" : UNITS[unit](number(size)));

// `page` holds the plan; `canMend` whether its reader may edit it; `mended` shows it anew.
export function planFindings(map, { page, detail, canMend, mended }) {
  const mark = L.layerGroup().addTo(map);

  function point(finding) {
    mark.clearLayers();
    const { bbox, lon, lat } = finding;
    if (!bbox) return;
    const [west, south, east, north] = bbox;
    fitBox(map, bbox, { ...besideCard(), maxZoom: 18 });
    const isSmall = Math.max(east - west, north - south) < 0.0004;
    const shape = isSmall ? L.circleMarker([lat, lon], { radius: ROOM }) : L.rectangle([[south, west], [north, east]]);
    shape.setStyle({ pane: "marks", color: finding.is_error ? "#b5342b" : "#8a5a00", weight: 3, fill: false, dashArray: "6 4", interactive: false });
    mark.addLayer(shape);
  }

  async function mend(finding, place) {
    try {
      await send("POST", `plans/${page.plan.plan_id}/edits`, { revision: page.plan.revision, verb: "move", cells: finding.cells, to: finding.other_code });
      mark.clearLayers();
      await mended();
      open();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      place.append(h("p", { class: "problem-line", role: "alert" }, error.message));
    }
  }

  function rowOf(finding) {
    const where = [finding.address, finding.grid, !finding.grid && finding.community].filter(Boolean).join(" · ");
    const place = h("li", { class: "finding" },
      h("button", { class: "finding__head", type: "button", onclick: () => point(finding) },
        h("span", { class: `dot dot--${finding.is_error ? "error" : "warning"}`, "aria-hidden": "true" }),
        h("span", {}, h("span", { class: "name" }, finding.title), h("span", { class: "code" }, where)), h("span", { class: "row__value" }, sizeOf(finding))),
      h("p", { class: "finding__mend" }, finding.repair));
    if (canMend() && finding.is_error && finding.cells.length && finding.other_code) place.append(h("button", { class: "button button--small", type: "button", onclick: () => mend(finding, place) }, t("按建议修复")));
    return place;
  }

  function show({ errors, warnings, findings }) {
    const words = errors ? t("{n} 处错误，改正后才能提交", { n: errors }) : t("没有错误，可以提交");
    const wrong = findings.filter((one) => one.is_error);
    const rest = new Map();
    for (const one of findings.filter((each) => !each.is_error)) {
      const title = `${one.title}：${one.repair}`;
      rest.set(title, [...(rest.get(title) || []), one]);
    }
    const list = (rows) => h("ul", { class: "findings" }, rows.map(rowOf));
    detail.show([h("h2", {}, t("方案检查"))], [
      h("p", { class: `verdict${errors ? " verdict--alarm" : ""}` }, words),
      ...(wrong.length ? [h("p", { class: "sub" }, t("错误")), list(wrong)] : []),
      rest.size > 0 && h("p", { class: "sub" }, t("提示（{n}）", { n: warnings })),
      ...[...rest].map(([title, rows]) => (rows.length > FOLDED ? h("details", { class: "finding" }, h("summary", {}, title, h("b", {}, number(rows.length))), list(rows)) : list(rows))),
      findings.length ? null : empty(t("没有发现问题。")),
    ].filter(Boolean));
  }

  function open() {
    const body = h("div", {});
    detail.show([h("h2", {}, t("方案检查"))], [body]);
    fill(body, () => get(`plans/${page.plan.plan_id}/findings`), show);
  }

  return { open, clear: () => mark.clearLayers() };
}
