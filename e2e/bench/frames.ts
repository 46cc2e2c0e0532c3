// Times of frames in which the page has work to do.

import type { JSHandle, Page } from "@playwright/test";

/** One frame, in milliseconds. */
export interface Frame {
  /** From before the work until its promise callbacks, and with them the effects of signals, are done. */
  script: number;
  /** From before the work until style, layout and paint are done on the main thread. */
  frame: number;
  /** From this work to that of the next frame: at 60 Hz at least 16.7. */
  interval: number;
}

/** Calls `act` with 0 to `count - 1` at the start of `count` frames in a row. */
export type Measure = (count: number, act: (index: number) => void) => Promise<Frame[]>;

/** `Measure` inside the page.
 *
 *  What a callback of a frame leaves to be done as microtasks runs before the frame's next callback: so a second one
 *  sees the end of all script. A message sent from a frame is delivered after that frame was painted. */
export function measureIn(page: Page): Promise<JSHandle<Measure>> {
  return page.evaluateHandle(() => async (count: number, act: (index: number) => void) => {
    const channel = new MessageChannel();
    const once = (index: number) =>
      new Promise<{ start: number; script: number; painted: number }>((resolve) => {
        let start = 0;
        let script = 0;
        channel.port1.onmessage = () => resolve({ start, script, painted: performance.now() });
        requestAnimationFrame(() => {
          start = performance.now();
          if (index < count) act(index);
        });
        requestAnimationFrame(() => {
          script = performance.now();
          channel.port2.postMessage(null);
        });
      });

    const frames: Frame[] = [];
    let last = await once(0);
    for (let index = 1; index <= count; index += 1) {
      const next = await once(index);
      const { start, script, painted } = last;
      frames.push({ script: script - start, frame: painted - start, interval: next.start - start });
      last = next;
    }
    channel.port1.close();
    return frames;
  });
}

/** The value below which this share of all is. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  if (value === undefined) throw new Error("no value");
  return value;
}
