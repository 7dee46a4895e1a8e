// The keys of edit mode, and the sheet that lists them.

import { h, t } from "./core.js";
import { TOOLS } from "./edit_toolbar.js";

const FIELDS = "input:not([type=checkbox]), select, textarea, dialog[open]";
const BUTTONS = "button, a[href], summary";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const isShortcut = (event) => event.ctrlKey || event.metaKey;

// What was pressed, in one word: "v", "shift+g", "ctrl+z", "F2".
function nameOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return [isShortcut(event) && "ctrl", event.shiftKey && key !== "?" && "shift", key].filter(Boolean).join("+");
}

// `acts`: key -> what it does, true where it was nothing; `arrow(direction, isMore)`, `enter()`, `escape()` likewise; `hold(isHeld)`.
export function editKeys({ acts, arrow, enter, escape, hold }) {
  function answered(event) {
    const { key, target } = event;
    if (key === "Escape") return escape() !== true;
    if (key === "Enter") return enter(target) !== true;
    if (event.altKey) return false;
    if (key in ARROWS) return !target.closest(".panel, #detail") && arrow(ARROWS[key], event.shiftKey) !== true;
    if (key === " ") {
      if (target.closest(`${BUTTONS}, input`)) return false;
      hold(true);
      return true;
    }
    const act = acts[nameOf(event)];
    return Boolean(act) && act() !== true;
  }

  function down(event) {
    if (event.target.closest?.(FIELDS) || document.querySelector("dialog[open]")) return;
    if (!answered(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  const up = (event) => event.key === " " && hold(false);
  const away = () => hold(false);

  return {
    start() {
      document.addEventListener("keydown", down, true);
      document.addEventListener("keyup", up, true);
      window.addEventListener("blur", away);
    },
    stop() {
      document.removeEventListener("keydown", down, true);
      document.removeEventListener("keyup", up, true);
      window.removeEventListener("blur", away);
    },
  };
}

// The sheet of keys.
export function keySheet() {
  const rows = [
    ...Object.values(TOOLS).map(([key, words]) => [key, words]),
    [t("空格"), t("按住移图")],
    ["← ↑ ↓ →", t("换一块地，按住 Shift 加选")],
    ["X", t("选中或放下这块地")],
    ["G", t("轮换目标网格")],
    ["N", t("划成新网格")],
    ["⏎", t("确认")],
    ["Esc", t("取消")],
    ["2–9", t("均分所选网格")],
    ["T", t("沿街拆分")],
    ["F", t("修复：最少移动几栋楼")],
    ["A", t("所选网格及周边重新平衡")],
    ["Shift A", t("重划整个社区")],
    ["M", t("合并列表中选的网格")],
    ["F2", t("改名")],
    ["K", t("锁定或解锁所选网格")],
    ["Shift K", t("全部锁定或解锁")],
    ["Shift L", t("锁定或解锁整个方案")],
    ["P", t("下一处问题")],
    ["Ctrl Z", t("撤销")],
    ["Ctrl Y", t("重做")],
    ["J", t("历史")],
    ["C", t("换社区")],
    ["Q", t("网格、责任区域、联户单元轮换")],
    ["E", t("结束编辑")],
  ];
  const close = h("button", { class: "button", type: "button", onclick: () => sheet.close() }, t("关闭"));
  const sheet = h("dialog", { id: "edit-keys", "aria-label": t("快捷键") }, h("h2", {}, t("快捷键")),
    h("dl", { class: "edit-keys" }, rows.map(([key, words]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)])), h("div", { class: "dialog__ways" }, close));
  document.body.append(sheet);
  return sheet;
}
