// Offers to reload the page when the server has a newer one. The address holds the query and the settings, so that nothing
// is lost.

const MIN_PAUSE = 60_000;

/** Version of the page that is open, and when it was compared last. */
let opened = "";
let compared = 0;

/** Returns the version of the page on the server; empty if it does not answer. */
async function served() {
  try {
    const reply = await fetch("/", { method: "HEAD", cache: "no-store" });
    return (reply.ok && reply.headers.get("etag")) || "";
  } catch {
    return "";
  }
}

function offer() {
  if (document.querySelector(".update") !== null) return;
  const bar = document.createElement("div");
  bar.className = "update";
  bar.setAttribute("role", "status");
  const reload = document.createElement("button");
  reload.textContent = "Reload";
  reload.addEventListener("click", () => location.reload());
  bar.append("The server has a newer version of this page. Your query and settings are kept.", reload);
  document.body.append(bar);
}

async function compare() {
  // The version that is open is asked for at once, also in a hidden tab.
  if (opened !== "" && (document.hidden || Date.now() - compared < MIN_PAUSE)) return;
  compared = Date.now();
  const version = await served();
  if (opened === "") opened = version;
  else if (version !== "" && version !== opened) offer();
}

addEventListener("load", compare);
document.addEventListener("visibilitychange", compare);
setInterval(compare, 15 * MIN_PAUSE);
