"use strict";
// Comfort only: every page reads and works without this file.
(() => {
  // A second click on a button does nothing; the server would do nothing twice anyway.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if ("again" in form.dataset) return; // it fetches a file and stays
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    setTimeout(() => delete form.dataset.sent, 10000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
    }
  });
  // The run in progress is shown anew every few seconds, unless somebody is writing.
  const watched = document.querySelector("[data-refresh]");
  if (watched) {
    const again = async () => {
      try {
        const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
        if (!answer.ok || answer.redirected) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const now = page.querySelector("[data-refresh]");
        const here = document.querySelector("[data-refresh]");
        if (!now) {
          if (!document.activeElement || !document.activeElement.matches("input, textarea, select")) location.reload();
          return;
        }
        here.replaceChildren(...now.childNodes);
        setTimeout(again, 1000 * Number(watched.dataset.refresh));
      } catch (error) {
        setTimeout(again, 30000);
      }
    };
    setTimeout(again, 1000 * Number(watched.dataset.refresh));
  }
})();
