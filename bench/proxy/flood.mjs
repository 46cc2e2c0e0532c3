// `fork('flood.mjs', [URL, SOCKETS])`: keeps so many sockets that send nothing, that send a head byte by byte, or that ask for much
// and never read. What the server closes is opened anew, so many a second. Says when all have been opened, and ends on a word.
import { connect } from 'node:net';

const [url, count] = process.argv.slice(2);
const { hostname, port, pathname } = new URL(url);
const OPENED_A_SECOND = 500;
// Some ports of each address wait after a connection; more addresses have more ports.
const ADDRESSES = 50;

const head = `GET ${pathname}/api/v1/query_range?query=up&start=0&end=1&step=1 HTTP/1.1\r\nHost: ${hostname}:${port}\r\n`;
const kinds = ['idle', 'slow', 'deaf'];
const sockets = new Set();
const waiting = Array.from({ length: Number(count) }, (_, index) => kinds[index % kinds.length]);
let opened = 0;
let told = false;

const opening = setInterval(() => {
  for (const kind of waiting.splice(0, OPENED_A_SECOND / 20)) open(kind);
  if (!told && opened >= Number(count)) {
    told = true;
    process.send({ sockets: sockets.size + waiting.length });
  }
}, 50);

const dripping = setInterval(() => {
  for (const socket of sockets) if (socket.kind === 'slow' && socket.writable) socket.write('x');
}, 5_000);

function open(kind) {
  const localAddress = `127.0.0.${2 + (opened++ % ADDRESSES)}`;
  const socket = connect({ host: hostname, port: Number(port), localAddress });
  socket.kind = kind;
  sockets.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => {
    sockets.delete(socket);
    waiting.push(kind);
  });
  socket.on('connect', () => {
    if (kind === 'slow') socket.write(`${head}X-Slow: `);
    if (kind === 'deaf') socket.write(`${head}\r\n`);
    if (kind === 'deaf') socket.pause();
    else socket.resume();
  });
}

process.on('message', () => {
  clearInterval(opening);
  clearInterval(dripping);
  process.send({ opened }, () => process.exit());
});
