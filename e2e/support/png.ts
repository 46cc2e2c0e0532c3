// What a picture holds.

import type { Page } from "@playwright/test";

const SIGNATURE = "\x89PNG\r\n\x1a\n";

/** Pixels by the header of a PNG. */
export function size(png: Buffer): { width: number; height: number } {
  if (png.toString("latin1", 0, 8) !== SIGNATURE || png.toString("latin1", 12, 16) !== "IHDR") throw new Error("not a PNG");
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

/** How many colours it has, as a browser decodes it. */
export async function colours(page: Page, png: Buffer): Promise<number> {
  const blank = await page.context().newPage();
  try {
    return await blank.evaluate(async (base64) => {
      const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
      const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
      if (context === null) throw new Error("no canvas");
      context.drawImage(picture, 0, 0);
      const { data } = context.getImageData(0, 0, picture.width, picture.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }, png.toString("base64"));
  } finally {
    await blank.close();
  }
}
