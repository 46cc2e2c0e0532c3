// The page as a person meets it: what can be done there and what is to be seen.

import { readFile } from "node:fs/promises";
import { expect, type Locator, type Page, type Request, type Response } from "@playwright/test";

/** One row of the table of events, as it is written. */
export interface Row {
  kind: string;
  /** What, when, how long, and which series when there are several. */
  what: string;
  value: number;
  expected: number;
  why: string;
}

/** What a page is asked to send last: an address of its server that it asks for nowhere else. */
const LAST = "/healthz?last";

/**
 * The requests of a page while `act` runs and of what that leads to; the icon, which the browser asks for when it likes, is
 * none. They are seen in the order in which the page sends them, so all have been when one that is sent afterwards is.
 */
export async function requestsDuring(page: Page, act: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const note = (request: Request) => {
    if (request.resourceType() !== "other") sent.push(`${request.url()} ${request.postData() ?? ""}`);
  };
  page.on("request", note);
  await act();
  const last = page.waitForRequest((request) => request.url().endsWith(LAST));
  // Not before a frame has been drawn: what follows the size of the page does so then.
  await page.evaluate(async (path) => {
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    await fetch(path);
  }, LAST);
  await last;
  page.off("request", note);
  return sent.filter((request) => !request.includes(LAST));
}

const isRangeQuery = (message: Request | Response) => message.url().endsWith("/query_range");

/** The first number in a text such as `1,441` or `4 σ`. */
export function numberIn(text: string): number {
  const found = text.match(/-?\d[\d,]*(\.\d+)?/)?.[0];
  if (found === undefined) throw new Error(`no number in "${text}"`);
  return Number(found.replaceAll(",", ""));
}

export class Workbench {
  readonly page: Page;
  readonly editor: Locator;
  readonly chart: Locator;
  /** The finding in words. */
  readonly headline: Locator;
  readonly alert: Locator;
  readonly rows: Locator;
  readonly series: Locator;

  constructor(page: Page) {
    this.page = page;
    this.editor = page.getByRole("textbox", { name: "PromQL query" });
    const card = page.getByRole("region", { name: "Chart" });
    this.headline = card.getByRole("heading", { level: 2 });
    this.chart = card.getByRole("img").first();
    this.alert = page.getByRole("alert");
    this.rows = page.getByRole("tabpanel").locator("tbody tr");
    this.series = page.getByRole("region", { name: "Series", exact: true });
  }

  /** Opens the page with these parameters in its address; relative to the base URL unless `origin` is given. */
  async open(parameters: Record<string, string> = {}, origin = "") {
    await this.page.goto(`${origin}/?${new URLSearchParams(parameters)}`);
    if (parameters.q === undefined) await expect(this.editor, "the page has started").toBeVisible();
    else await this.settled();
  }

  /** Nothing is fetched any more, and there is a result or an error. */
  async settled() {
    await expect(this.headline.or(this.alert).first(), "there is a result or an error").toBeVisible();
    await expect(this.button("Run").first(), "nothing is fetched any more").toBeVisible();
  }

  /** Replaces what stands in the editor. */
  async type(expr: string) {
    await this.editor.click();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.insertText(expr);
    await expect(this.editor, "the editor holds the query").toHaveText(expr);
  }

  /** Runs the query and waits for the answer. */
  async run(expr: string): Promise<Response> {
    await this.type(expr);
    return this.answer(() => this.page.keyboard.press("ControlOrMeta+Enter"));
  }

  /** The reply to the range query that `act` leads to, once the page has taken it in. */
  async answer(act: () => Promise<unknown>): Promise<Response> {
    const [response] = await Promise.all([this.page.waitForResponse(isRangeQuery), act()]);
    await response.finished();
    await this.settled();
    return response;
  }

  /** See the function of this name. */
  requestsDuring(act: () => Promise<unknown>): Promise<string[]> {
    return requestsDuring(this.page, act);
  }

  /** The button that names the present detector and opens the list. */
  get detector(): Locator {
    return this.page.getByRole("button", { name: /^Detector / });
  }

  /** Chooses a detector from the list. */
  async choose(name: string) {
    await this.detector.click();
    await this.page.getByRole("radio", { name, exact: true }).click();
    await expect(this.detector, "the detector is chosen").toHaveText(name);
    await expect(this.detector, "the list of detectors is closed").toHaveAttribute("aria-expanded", "false");
  }

  tab(name: "Events" | "Report" | "Rules" | "Assistant"): Locator {
    return this.page.getByRole("tab", { name: new RegExp(`^${name}\\b`) });
  }

  /** How many events there are by the tab. */
  async events(): Promise<number> {
    return numberIn(await this.tab("Events").innerText());
  }

  async row(index: number): Promise<Row> {
    const row = this.rows.nth(index);
    const cells = await row.getByRole("cell").allInnerTexts();
    const [, what = "", value = "", expected = "", why = ""] = cells;
    const kind = await row.getByRole("button").first().textContent();
    return { kind: kind ?? "", what, value: numberIn(value), expected: numberIn(expected), why };
  }

  slider(name: string): Locator {
    return this.page.getByRole("slider", { name, exact: true });
  }

  /** The value beside a slider in words. */
  valueOf(slider: string): Locator {
    return this.page.locator(".field").filter({ has: this.slider(slider) }).getByRole("status");
  }

  /** Moves a slider by the keyboard until the number beside it satisfies `enough`; returns that number. */
  async turn(slider: string, key: "ArrowLeft" | "ArrowRight", enough: (value: number) => boolean): Promise<number> {
    await this.slider(slider).focus();
    for (let presses = 0; presses <= 200; presses += 1) {
      const value = numberIn(await this.valueOf(slider).innerText());
      if (enough(value)) return value;
      await this.page.keyboard.press(key);
    }
    throw new Error(`${slider} does not get there with ${key}`);
  }

  /** What the address says; asked of the page itself, as the browser tells others of a change when it likes. */
  async parameters(): Promise<URLSearchParams> {
    return new URLSearchParams(await this.page.evaluate(() => location.search));
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name, exact: typeof name === "string" });
  }

  /** The text that a button puts into the clipboard; the page must be allowed to write and read it. */
  async copy(button: string, done: string): Promise<string> {
    // The button says so for two seconds only: not for long enough to look for it from here.
    const told = await this.page.evaluateHandle((done) => {
      const told = { yes: false };
      const look = () => {
        told.yes ||= [...document.querySelectorAll("button")].some((button) => button.textContent?.trim() === done);
      };
      new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
      return told;
    }, done);
    await this.button(button).click();
    await expect.poll(() => told.evaluate(({ yes }) => yes), `a button says "${done}"`).toBe(true);
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  /**
   * Where a time is in the plot that shows `from` to `to`, in pixels of the page.
   * @param time Unix seconds
   */
  async place(time: number, [from, to]: [number, number]): Promise<[x: number, y: number]> {
    const plot = this.page.locator(".nsewdrag").first();
    // Waits until it stands still.
    await plot.hover({ trial: true });
    const box = await plot.boundingBox();
    if (box === null) throw new Error("the chart is not drawn");
    return [box.x + ((time - from) / (to - from)) * box.width, box.y + box.height / 2];
  }

  /** The file that a button gives. */
  async download(button: string): Promise<{ name: string; bytes: Buffer }> {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.button(button).click()]);
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  }
}
