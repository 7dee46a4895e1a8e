// Reporting an incident: what, where, by whom; and after it is kept, what may be the same.

import { byId, h, send, setText, t } from "./core.js";
import { pickPlace } from "./pick.js";
import { problemWords } from "./case_words.js";
import { act } from "./turns.js";

export function caseReport(map, { onCase, onChange, keep }) {
  const dialog = byId("report");
  const form = byId("report-form");
  const made = byId("report-made");
  let place = null;

  function tellPlace() {
    setText("report-place", place ? `${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}` : t("未选，按地址查找"));
    setText("report-pick", place ? t("重新点选") : t("在地图上点选"));
  }

  function open() {
    made.hidden = true;
    form.hidden = false;
    byId("report-fault").replaceChildren();
    tellPlace();
    dialog.showModal();
  }

  function looked(id) {
    dialog.close();
    onCase(id);
  }

  function tellMade(answer) {
    form.hidden = true;
    form.reset();
    place = null;
    const link = (id) => h("button", { class: "link", type: "button", onclick: () => looked(id) }, `#${id}`);
    made.replaceChildren(...[
      h("p", { class: "verdict", role: "status" }, t("已上报，编号 #{id}。", { id: answer.incident_id })),
      answer.place_problem ? h("p", { class: "certificate" }, h("b", {}, t("还没有位置")), t("{problem}；已放入“待处理”。", { problem: problemWords(answer.place_problem) })) : null,
      answer.maybe_same.length ? h("p", { class: "certificate" }, h("b", {}, t("可能与这些是同一件")), answer.maybe_same.flatMap((id) => [link(id), " "])) : null,
      h("div", { class: "dialog__ways" }, h("button", { class: "button", type: "button", onclick: () => dialog.close() }, t("完成")), h("button", { class: "button button--main", type: "button", onclick: () => looked(answer.incident_id) }, t("打开这件"))),
    ].filter(Boolean));
    made.hidden = false;
    made.querySelector(".button--main").focus();
  }

  async function store() {
    const text = Object.fromEntries(["category", "description", "address", "contact"].map((name) => [name, form.elements[name].value.trim()]));
    const given = Object.fromEntries(Object.entries({ ...text, ...place }).filter(([, value]) => value !== ""));
    tellMade(await send("POST", "incidents", given));
    onChange();
  }

  // Escape closes the dialog, not also the card behind it.
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation());
  byId("report-open").addEventListener("click", open);
  for (const id of ["report-close", "report-cancel"]) byId(id).addEventListener("click", () => dialog.close());
  byId("report-pick").addEventListener("click", async () => {
    dialog.close();
    const at = await pickPlace(map, t("事件的位置"));
    if (at) {
      place = at;
      keep([at.lon, at.lat]);
    }
    open();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fault = byId("report-fault");
    if (!place && !form.elements.address.value.trim()) {
      fault.textContent = t("请填写地址，或在地图上点选位置。");
      form.elements.address.focus();
      return;
    }
    act(form.querySelector("[type=submit]"), fault, store);
  });
}
