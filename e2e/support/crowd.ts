// A source with many long series, which a real Prometheus would take minutes to fill. It answers one query and refuses the rest.

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Server } from "./server.ts";

/** The query that it answers. */
export const CROWD = "crowd_load";

/** Every so many series has a spike, an hour before the end. */
const SPIKED = 20;

/** Starts a source with `count` series that have samples at all times; `end` is in Unix seconds. */
export async function startCrowd(count: number, end: number): Promise<Server> {
  const server = createServer(async (request, response) => {
    const form = await parameters(request);
    response.setHeader("Content-Type", "application/json");
    if (request.url?.startsWith("/api/v1/query_range") && form.get("query") === CROWD) {
      const [start, last, step] = ["start", "end", "step"].map((key) => Number(form.get(key))) as [number, number, number];
      response.write('{"status":"success","data":{"resultType":"matrix","result":[');
      for (let index = 0; index < count; index += 1) {
        const samples: string[] = [];
        for (let time = start; time <= last; time += step) samples.push(`[${time},"${valueAt(index, time, end)}"]`);
        response.write(`${index > 0 ? "," : ""}{"metric":{"__name__":"${CROWD}","shard":"${index}"},"values":[${samples}]}`);
      }
      response.end("]}}");
    } else {
      response.statusCode = 422;
      response.end('{"status":"error","errorType":"execution","error":"not supported"}');
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function parameters(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const query = new URL(request.url ?? "/", "http://crowd").search;
  return new URLSearchParams(request.method === "POST" ? Buffer.concat(chunks).toString() : query);
}

/** 50 ± 5, the same at every request (a step of mulberry32). */
function valueAt(index: number, time: number, end: number): string {
  let mixed = (Math.imul(time / 60, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 1 | mixed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  const usual = 45 + 10 * (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32);
  const spiked = index % SPIKED === 0 && time > end - 3600 && time <= end - 3300;
  return (spiked ? usual * 3 : usual).toFixed(2);
}
