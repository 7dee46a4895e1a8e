// Logging in without leaving the page; without this script the form posts by itself.

import { byId, t } from "./core.js";

// A path of this service, never another host's.
function safe(path) {
  const url = new URL(path || "/", location.origin);
  return url.origin === location.origin ? url.pathname + url.search : "/";
}

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const problem = byId("login-problem");
  const button = form.querySelector("button");
  problem.hidden = true;
  button.disabled = true;
  try {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.action, { method: "POST", body, credentials: "same-origin", headers: { "X-Wangge": "1", Accept: "application/json" } });
    if (response.ok) {
      location.assign(safe(form.elements.next.value));
      return;
    }
    const said = await response.json().catch(() => null);
    problem.textContent = (said && said.detail) || (response.status === 429 ? t("尝试太多，请稍候再试。") : t("账号或密码不对。"));
  } catch {
    problem.textContent = t("连不上服务，请检查网络后再试。");
  }
  problem.hidden = false;
  button.disabled = false;
  form.elements.password.select();
});
