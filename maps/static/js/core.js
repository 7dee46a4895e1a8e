// What every page module stands on: the page's data and words, requests, and elements made without markup.

export const data = JSON.parse(document.getElementById("page-data").textContent);

// A message in the reader's language; {name} is filled from values. Chinese is the message itself.
export function t(message, values = {}) {
  const words = data.words[message] || message;
  return words.replace(/\{(\w+)\}/g, (all, key) => (key in values ? String(values[key]) : all));
}

const numbers = new Intl.NumberFormat("en-US");

export const number = (value) => (value === null || value === undefined ? "–" : numbers.format(Math.round(value)));

// A share of 0-1 in per cent, never rounded up to a whole that it is not.
export function percent(share) {
  if (share === null || share === undefined || Number.isNaN(share)) return "–";
  return `${Math.floor(share * 1000 + 1e-9) / 10}%`;
}

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export const byId = (id) => document.getElementById(id);

function build(element, properties, children) {
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "swatch") element.style.setProperty("--swatch", value);
    else if (key === "width%") element.style.width = `${value}%`;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// An HTML element; children are elements or text, never markup.
export const h = (tag, properties = {}, ...children) => build(document.createElement(tag), properties, children);

// An SVG element.
export const s = (tag, properties = {}, ...children) =>
  build(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);

// A refusal in words; `body` is what the service said, where it said something.
export class Problem extends Error {
  constructor(message, status, body = null) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

async function read(response) {
  if (response.status === 204) return null;
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  if (response.status === 401) throw new Problem(t("登录已过期，请重新登录。"), 401);
  const words = body && (body.detail || body.title);
  throw new Problem(words || t("服务没有给出可用的回答（{status}）。", { status: response.status }), response.status, body);
}

async function reach(path, options) {
  try {
    return await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(t("连不上服务，请检查网络后再试。"), 0);
  }
}

const ask = async (path, options) => read(await reach(path, options));

// What is no JSON: the response itself, or the refusal in words.
export async function take(path) {
  const response = await reach(path);
  if (!response.ok) await read(response);
  return response;
}

// GET /api/v1/<path>; empty values are left out of the query.
export function get(path, query = {}, options = {}) {
  const pairs = Object.entries({ ...query, lang: data.language }).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return ask(`/api/v1/${path}?${new URLSearchParams(pairs)}`, { headers: { Accept: "application/json" }, ...options });
}

// A change: POST or DELETE with the header that tells it from a forged form; `query` is for what has no body.
export function send(method, path, body, query = {}) {
  const headers = { "X-Wangge": "1", Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return ask(`/api/v1/${path}?${new URLSearchParams({ ...query, lang: data.language })}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

// The page's address from now on; the masthead's other language keeps to it.
export function setAddress(address) {
  history.replaceState(null, "", address);
  const link = document.querySelector(".masthead__end a[hreflang]");
  if (!link) return;
  const other = new URL(location.href);
  other.searchParams.set("lang", link.hreflang === "en" ? "en" : "zh");
  link.setAttribute("href", other.pathname + other.search);
}

export function debounce(act, wait) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), wait);
  };
}

// Fill a place with what a request brings; loading and failure are shown there too.
export async function fill(place, load, show) {
  place.classList.add("loading");
  try {
    const body = await load();
    place.classList.remove("loading");
    show(body);
  } catch (error) {
    place.classList.remove("loading");
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    const again = error.status === 401
      ? h("a", { class: "button button--small", href: `/login?next=${encodeURIComponent(location.pathname + location.search)}` }, t("登录"))
      : h("button", { class: "button button--small", type: "button", onclick: () => fill(place, load, show) }, t("再试一次"));
    place.replaceChildren(h("div", { class: "state state--failed", role: "alert" }, error.message, h("br"), again));
  }
}

export const empty = (words) => h("p", { class: "state" }, words);

export const fact = (label, value, wide = false) => h("div", { class: wide ? "wide" : null }, h("dt", {}, label), h("dd", {}, value));

export function setText(id, text) {
  byId(id).textContent = text;
}
