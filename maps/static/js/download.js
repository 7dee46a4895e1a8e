// Files from a page: handed over as they are, or fetched first where the service needs its time to make them.

import { t, take } from "./core.js";

const NAME = /filename="([^"]+)"/;

// Hand a file to the person in front of the page.
export function handOver(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// A link to a file says that it is being made, until it is; `refused(error)` hears why it is not.
export function patient(link, refused) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    if (link.getAttribute("aria-busy") === "true") return;
    const words = link.textContent;
    link.setAttribute("aria-busy", "true");
    link.textContent = t("正在生成…");
    try {
      const response = await take(link.getAttribute("href"));
      handOver(await response.blob(), NAME.exec(response.headers.get("content-disposition"))?.[1] || "");
    } catch (error) {
      refused(error);
    } finally {
      link.removeAttribute("aria-busy");
      link.textContent = words;
    }
  });
  return link;
}
