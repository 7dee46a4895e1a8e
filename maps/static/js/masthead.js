// Logging out.

import { send } from "./core.js";

for (const button of document.querySelectorAll("[data-logout]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await send("DELETE", "session");
    } finally {
      location.assign("/");
    }
  });
}
