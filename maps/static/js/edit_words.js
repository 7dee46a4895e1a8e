// Operations in words.

import { data, t } from "./core.js";
import { LEVELS } from "./edit_levels.js";

const NAMED_MAX = 3;

function listed(codes, nameOf) {
  if (codes.length > NAMED_MAX) return t("{n} 个网格", { n: codes.length });
  return codes.map(nameOf).join(data.language === "en" ? ", " : "、");
}

const WORDS = {
  move: ({ cells = [], buildings = [], moves, to, level = "grids" }, nameOf) => {
    if (moves) return t("{n} 块换网格", { n: moves.length });
    const n = cells.length + buildings.length;
    return to ? t("{n} 块划入{grid}", { n, grid: nameOf(to) }) : t("{n} 块成{what}", { n, what: LEVELS[level][1] });
  },
  split: ({ grid_codes: codes = [], count, line }, nameOf) => (count ? t("{grid}均分 {n} 份", { grid: nameOf(codes[0]), n: count }) : line ? t("按线拆分{grid}", { grid: nameOf(codes[0]) }) : t("沿街拆分{grid}", { grid: nameOf(codes[0]) })),
  rebalance: ({ grid_codes: codes = [] }, nameOf) => t("重新平衡{grid}及周边", { grid: listed(codes, nameOf) }),
  redraw: () => t("重划整个社区"),
  merge: ({ grid_codes: codes = [] }, nameOf) => t("合并{grids}", { grids: listed(codes, nameOf) }),
  rename: ({ grid_codes: codes = [], name }) => t("{grid}改名为{name}", { grid: codes[0], name }),
  lock: ({ grid_codes: codes = [] }, nameOf) => (codes.length ? t("锁定{grids}", { grids: listed(codes, nameOf) }) : t("全部锁定")),
  unlock: ({ grid_codes: codes = [] }, nameOf) => (codes.length ? t("解锁{grids}", { grids: listed(codes, nameOf) }) : t("全部解锁")),
  restore: ({ of_revision: to }) => t("回到第 {n} 版", { n: to }),
};
WORDS.return = WORDS.restore; // as it was called once

export function operationWords({ kind, verb, of_revision: of, asked }, nameOf) {
  if (kind === "undo") return t("撤销第 {n} 版", { n: of });
  if (kind === "redo") return t("重做第 {n} 版", { n: of });
  if (!WORDS[verb]) return verb;
  const words = WORDS[verb]({ ...asked, grid_codes: asked.codes || asked.grid_codes }, nameOf);
  return asked.level ? `${LEVELS[asked.level][0]} · ${words}` : words;
}

// Month, day, hour and minute here, whatever the reader's clock is set to.
export const timeWords = (at) => new Date(at).toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" }).slice(5, 16);

// Revisions of edits that hold no longer.
export function undone(operations) {
  const done = [];
  const back = [];
  for (const { kind, revision } of operations) {
    if (kind === "edit") {
      done.push(revision);
      back.length = 0;
    } else if (kind === "undo") back.push(done.pop());
    else done.push(back.pop());
  }
  const holds = new Set(done);
  return new Set(operations.filter(({ kind, revision }) => kind === "edit" && !holds.has(revision)).map(({ revision }) => revision));
}
