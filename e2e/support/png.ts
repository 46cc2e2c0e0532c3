// What a picture holds.

import type { Page } from "@playwright/test";

const SIGNATURE = "\x89PNG\r\n\x1a\n";

/** Pixels by the header of a PNG. */
export function size(png: Buffer): { width: number; height: number } {
  if (png.toString("latin1", 0, 8) !== SIGNATURE || png.toString("latin1", 12, 16) !== "IHDR") throw new Error("not a PNG");
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

/** How many colours it has. */
export async function colours(page: Page, png: Buffer): Promise<number> {
  return new Set(await pixels(page, png, [0, 0, size(png).width, size(png).height])).size;
}

/** The colours of a part of it (left, top, width, height), row by row, as a browser decodes them. */
export async function pixels(page: Page, png: Buffer, part: [number, number, number, number]): Promise<number[]> {
  const blank = await page.context().newPage();
  try {
    return await blank.evaluate(
      async ({ base64, part }) => {
        const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
        const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
        if (context === null) throw new Error("no canvas");
        context.drawImage(picture, 0, 0);
        return Array.from(new Uint32Array(context.getImageData(...part).data.buffer));
      },
      { base64: png.toString("base64"), part },
    );
  } finally {
    await blank.close();
  }
}
