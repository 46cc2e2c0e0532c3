// Answers about all metrics of a source, which the editor's completion and the start page both need: each is fetched once.

/** Time for which an answer is kept, in milliseconds: as long as the completion keeps it. */
const KEPT_MS = 5 * 60_000;

/** @type {Map<string, { until: number, answer: Promise<{ status: number, text: string }> }>} */
const kept = new Map();

/** @param {string} url */
async function answerOf(url) {
  const response = await fetch(url, { headers: { "X-Oddity": "1" } });
  return { status: response.status, text: await response.text() };
}

/**
 * Fetches the address, or returns the answer to an earlier request for the same path, whose times may differ.
 * @param {string} url
 * @returns {Promise<Response>}
 */
export async function fetchShared(url) {
  const [path = url] = url.split("?");
  let known = kept.get(path);
  if (known === undefined || known.until < Date.now()) {
    known = { until: Date.now() + KEPT_MS, answer: answerOf(url) };
    kept.set(path, known);
  }
  const forget = () => kept.delete(path);
  known.answer.then(({ status }) => status === 200 || forget(), forget);
  const { status, text } = await known.answer;
  return new Response(text, { status });
}

/**
 * Whether the answer concerns all metrics of a source, without a selector.
 * @param {string} url
 */
export function isShared(url) {
  const [path = url, parameters = ""] = url.split("?");
  const all = path.endsWith("/api/v1/metadata") || path.endsWith("/api/v1/label/__name__/values");
  return all && !parameters.includes("match");
}
