// Until the app takes #boot away: says so when it cannot start, instead of loading for ever.

for (const kind of ["error", "unhandledrejection"]) {
  addEventListener(kind, (event) => {
    const text = document.querySelector("#boot span");
    if (text === null) return;
    const reason = event.reason ?? event.error ?? event.message;
    text.textContent = `Oddity could not start (${reason}). Reload the page; if this stays, update the browser.`;
  });
}
