// Until the app takes #boot away: says so when it cannot start, instead of loading for ever.

/** @param {string} message */
function tell(message) {
  const text = document.querySelector("#boot span");
  if (text === null) {
    if (document.readyState === "loading") addEventListener("DOMContentLoaded", () => tell(message), { once: true });
    return;
  }
  text.textContent = message;
  if (document.querySelector("#boot button") !== null) return;
  const reload = document.createElement("button");
  reload.textContent = "Reload";
  reload.addEventListener("click", () => location.reload());
  text.after(reload);
}

/** @param {unknown} reason */
function failed(reason) {
  tell(`Oddity could not start (${reason}). Reload the page; if this stays, update the browser.`);
}

// Errors of scripts and styles that cannot be loaded do not bubble, so they are captured.
addEventListener(
  "error",
  (event) => {
    if (event.target instanceof HTMLScriptElement || event.target instanceof HTMLLinkElement) {
      tell("A part of the page is missing: the server may have been updated. Reload the page.");
    } else {
      failed(event.error ?? event.message);
    }
  },
  true,
);
addEventListener("unhandledrejection", (event) => failed(event.reason));
