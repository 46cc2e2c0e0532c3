// Until the app takes #boot away: says so when it cannot start, instead of loading for ever.

/** @param {unknown} reason */
function tell(reason) {
  const text = document.querySelector("#boot span");
  if (text === null) return;
  text.textContent = `Oddity could not start (${reason}). Reload the page; if this stays, update the browser.`;
}

addEventListener("error", (event) => tell(event.error ?? event.message));
addEventListener("unhandledrejection", (event) => tell(event.reason));
