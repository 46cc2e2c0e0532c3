// A language model that says what a test tells it, over the protocol of a real one.

import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";

/** What it answers, and how. */
export interface Script {
  status?: number;
  headers?: Record<string, string>;
  /** Pieces of the answer, one an event. */
  pieces?: string[];
  /** After the pieces: a proper end, silence, or the end of the connection. */
  then?: "end" | "hang" | "cut";
}

export interface Model {
  url: string;
  /** The next answers are these. */
  say: (script: Script) => void;
  /** Messages of all questions so far, as text. */
  asked: () => string[];
  /** How many connections were closed before the answer was over. */
  left: () => number;
  stop: () => Promise<void>;
}

export async function startModel(): Promise<Model> {
  let script: Script = {};
  const asked: string[] = [];
  let left = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      body += piece;
    });
    request.on("end", () => {
      const { messages } = JSON.parse(body) as { messages: { role: string; content: string }[] };
      asked.push(messages.map(({ role, content }) => `[${role}] ${content}`).join("\n"));
      response.on("close", () => {
        if (!response.writableEnded) left += 1;
      });
      answer(response, script);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port on loopback");
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    say: (next) => {
      script = next;
    },
    asked: () => asked,
    left: () => left,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function answer(response: ServerResponse, { status = 200, headers = {}, pieces = [], then = "end" }: Script) {
  if (status !== 200) {
    response.writeHead(status, headers).end("{}");
    return;
  }
  const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;
  const said = pieces.map((content) => event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }));
  response.writeHead(200, { "content-type": "text/event-stream" });
  // What was written goes out before the connection ends.
  response.write(said.join(""), () => {
    if (then === "cut") response.destroy();
  });
  if (then !== "end") return;
  response.end(`${event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}data: [DONE]\n\n`);
}
