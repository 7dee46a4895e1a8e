// The tools beside the map, each with its key.

import { h, s, t } from "./core.js";

// Name of a tool: [key, words, what it looks like on 20 by 20, what to do with it].
export const TOOLS = {
  pick: ["V", t("点选"), "M5 3l10 6-4.4 1.2L8.5 15z", t("点一块地，按住 Shift 加选")],
  rectangle: ["R", t("框选"), "M3.5 5.5h13v9h-13z", t("拖出矩形；Shift 加选，Alt 减选")],
  lasso: ["L", t("套索"), "M10 4c4 0 7 1.8 7 4.4s-3 4.4-7 4.4-7-1.8-7-4.4S6 4 10 4zM6 12.4c0 2 .6 3 2.4 4.1", t("圈出范围；Shift 加选，Alt 减选")],
  brush: ["B", t("笔刷"), "M16.5 3.5l-7 7M9.4 10.6c-2-.6-3.6.6-3.8 2.6-.1 1.4-.8 2.4-2.1 2.8 3.4 1.2 7 .2 7-2.6 0-1.2-.4-2.2-1.1-2.8z", t("从一个网格起笔，涂到的地块划入它")],
  border: ["D", t("拖边界"), "M10 3v3M10 14v3M6 10H2.5M17.5 10H14M5 7.5L2.5 10 5 12.5M15 7.5l2.5 2.5-2.5 2.5M10 8v4", t("按住两个网格之间的边界拖动，扫过的地块换边")],
  line: ["S", t("画线"), "M4 16L16 4M3 9.5V4h5.5M11.5 16H17v-5.5", t("画一条线，把网格拆成两个")],
  hand: ["H", t("移图"), "M10 3v14M3 10h14M8 5l2-2 2 2M8 15l2 2 2-2M5 8l-2 2 2 2M15 8l2 2-2 2", t("拖动地图；按住空格也可以")],
};

const icon = (path) => s("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, s("path", { d: path }));
const UNDO = "M4 8h8a4 4 0 0 1 0 8H8M4 8l3.5-3.5M4 8l3.5 3.5";
const REDO = "M16 8H8a4 4 0 0 0 0 8h4M16 8l-3.5-3.5M16 8l-3.5 3.5";
const HELP = "M7.4 7.4a2.6 2.6 0 1 1 3.7 2.5c-.8.4-1.1.8-1.1 1.8M10 14.6v.1";

const button = (words, key, path, more) => h("button", { class: "edit-tool", type: "button", ...more }, icon(path), h("span", {}, words), h("kbd", {}, key));

export function editToolbar(stage, { use, turn, help }) {
  const tools = Object.entries(TOOLS).map(([name, [key, words, path, hint]]) => button(words, key, path, { "data-tool": name, title: hint, "aria-pressed": "false", onclick: () => use(name) }));
  const undo = button(t("撤销"), "^Z", UNDO, { id: "edit-undo", onclick: () => turn("undo") });
  const redo = button(t("重做"), "^Y", REDO, { id: "edit-redo", onclick: () => turn("redo") });
  const box = h("div", { class: "edit-tools", role: "toolbar", "aria-label": t("编辑工具"), hidden: true }, tools, h("hr", {}), undo, redo, button(t("快捷键"), "?", HELP, { id: "edit-help", onclick: help }));
  stage.append(box);
  return {
    box,
    mark: (name) => tools.forEach((tool) => tool.setAttribute("aria-pressed", String(tool.dataset.tool === name))),
    allow(mayUndo, mayRedo) {
      undo.disabled = !mayUndo;
      redo.disabled = !mayRedo;
    },
  };
}
