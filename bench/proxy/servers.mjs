// The servers of the bench, each on a free loopback port: an upstream that sends files, nginx and the proxy in front of it.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of a process, by its id. */
export const memory = {
  resident: (pid) => status(pid, 'VmRSS'),
  peak: (pid) => status(pid, 'VmHWM'),
  /** Seconds of processor time of all of them. */
  cpu: (pids) => pids.reduce((sum, pid) => sum + ticks(pid), 0) / 100,
};

/** Origins and process ids; `stop` ends what was started. */
export async function start(oddity) {
  for (const tool of ['wrk', 'nginx']) {
    try {
      execFileSync('sh', ['-c', `command -v ${tool}`]);
    } catch {
      throw new Error(`${tool} is missing: install it (Debian: apt-get install wrk nginx-light)`);
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'oddity-load-'));
  writeFileSync(join(folder, 'small.json'), matrix(2_000));
  writeFileSync(join(folder, 'large.json'), matrix(5_000_000));
  const [upstream, nginx, unbuffered] = [await freePort(), await freePort(), await freePort()];
  const files = `access_log off; sendfile on; default_type application/json;
    server { listen 127.0.0.1:${upstream};
      location = /api/v1/query { alias ${folder}/small.json; }
      location = /api/v1/query_range { alias ${folder}/large.json; } }`;
  const front = (port, buffering) => `server { listen 127.0.0.1:${port};
      location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering ${buffering}; } }`;
  const fronts = `access_log off; proxy_temp_path ${folder}/temp;
    upstream up { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 1000000000; }
    ${front(nginx, 'on')} ${front(unbuffered, 'off')}`;
  const processes = [];
  // The workers of a master that is root are somebody else, who may not read the folder.
  const asRoot = process.getuid() === 0 ? 'user root;' : '';
  const run = (command, args, env, out) => {
    const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', out, out] });
    processes.push(child);
    return child;
  };
  const web = (name, workers, http) => {
    const file = join(folder, `${name}.conf`);
    writeFileSync(
      file,
      `${asRoot} daemon off; pid ${folder}/${name}.pid; worker_processes ${workers}; error_log ${folder}/${name}.log;
       events { worker_connections 4096; } http { keepalive_requests 1000000000; ${http} }`,
    );
    return run('nginx', ['-c', file, '-e', join(folder, `${name}.log`)], process.env, 'ignore');
  };
  const stop = () => {
    for (const child of processes) child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const direct = web('upstream', 1, files);
    const proxy = web('nginx', 'auto', fronts);
    const port = await freePort();
    // As nginx, it logs no requests.
    const log = 'info,proxy::http::request_log=warn';
    const env = { PROMETHEUS_URL: `http://127.0.0.1:${upstream}`, ODDITY_LISTEN: `127.0.0.1:${port}`, ODDITY_LOG: log };
    const ours = run(oddity, [], env, openSync(join(folder, 'oddity.log'), 'w'));
    for (const one of [upstream, nginx, unbuffered, port]) await listens(one);
    const workers = (child) => execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' });
    const pidsOf = (child) => workers(child).trim().split(/\s+/).map(Number);
    return {
      direct: `http://127.0.0.1:${upstream}`,
      nginx: `http://127.0.0.1:${nginx}`,
      unbuffered: `http://127.0.0.1:${unbuffered}`,
      ours: `http://127.0.0.1:${port}/api/sources/prometheus`,
      pids: { direct: pidsOf(direct), nginx: pidsOf(proxy), ours: [ours.pid] },
      stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** An answer of one series of about so many bytes. */
function matrix(bytes) {
  const start = 1_767_225_600;
  const values = [];
  for (let index = 0, length = 120; length < bytes; index++) {
    const value = [start + 15 * index, (((index * 37) % 9973) / 7).toFixed(3)];
    values.push(value);
    length += JSON.stringify(value).length + 1;
  }
  const metric = { __name__: 'up', job: 'api' };
  return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [{ metric, values }] } });
}

/** MiB. */
function status(pid, key) {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(text.match(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm'))[1]) / 1024;
}

function ticks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function listens(port) {
  for (let tries = 0; tries < 100; tries++) {
    const open = await new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}
