// What a picture holds.

import type { JSHandle, Page } from "@playwright/test";

const SIGNATURE = "\x89PNG\r\n\x1a\n";

/** Pixels by the header of a PNG. */
export function size(png: Buffer): { width: number; height: number } {
  if (png.toString("latin1", 0, 8) !== SIGNATURE || png.toString("latin1", 12, 16) !== "IHDR") throw new Error("not a PNG");
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

type Part = [left: number, top: number, width: number, height: number];

/** How many colours it has. */
export function colours(page: Page, png: Buffer): Promise<number> {
  const { width, height } = size(png);
  return decoded(page, png, [0, 0, width, height], (all) => all.evaluate((all) => new Set(all).size));
}

/** The colours of a part of it, row by row. */
export function pixels(page: Page, png: Buffer, part: Part): Promise<number[]> {
  return decoded(page, png, part, (all) => all.evaluate((all) => Array.from(all)));
}

/** What `use` makes of the pixels of a part, as a browser decodes them. */
async function decoded<T>(page: Page, png: Buffer, part: Part, use: (all: JSHandle<Uint32Array>) => Promise<T>): Promise<T> {
  const blank = await page.context().newPage();
  try {
    const all = await blank.evaluateHandle(
      async ({ base64, part }) => {
        const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
        const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
        if (context === null) throw new Error("no canvas");
        context.drawImage(picture, 0, 0);
        return new Uint32Array(context.getImageData(...part).data.buffer);
      },
      { base64: png.toString("base64"), part },
    );
    return await use(all);
  } finally {
    await blank.close();
  }
}
