import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { PROBE_LIMITS, type ProbeLimits, type ProbeOutcome, type ProbeTarget, probe } from '../../local/route53/prober.ts';

/** Longer than any machine needs, where a test is not about time; and one limit short, where it is. */
const AMPLE = { connectMs: 20_000, statusMs: 20_000, bodyMs: 20_000 };
const SHORT_MS = 200;
const TEXT = '"verdict":"pass"';
const open: { server: Server; sockets: Set<Socket> }[] = [];

afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
});

const passed: ProbeOutcome = { passed: true };
const failed = (reason: string) => ({ passed: false, reason });
const answer = (body: string, status = '200 OK') => `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe('a probe passes', () => {
  it('when the text is in the body', async () => expect(await ask((socket) => socket.end(answer(`{${TEXT}}`)))).toEqual(passed));
  it('at any 2xx or 3xx status, redirects not followed', async () => {
    for (const status of ['204 No Content', '301 Moved\r\nLocation: http://127.0.0.1:1/', '399 Odd']) {
      expect(await ask((socket) => socket.end(answer('', status)), { searchText: null })).toEqual(passed);
    }
  });
  it('without reading the body where no text is asked for', async () =>
    expect(await ask((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'), { searchText: null })).toEqual(passed));
  it('when the text arrives in pieces, chunked, while the body never ends', async () => {
    const pieces = ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '6\r\n{"verd\r\n', 'b\r\nict":"pass"\r\n'];
    const inPieces = (socket: Socket) => pieces.map((piece, index) => setTimeout(() => socket.write(piece), index * 20));
    expect(await ask(inPieces)).toEqual(passed);
  });
  it('when the text ends with byte 5,120', async () =>
    expect(await ask((socket) => socket.end(answer(TEXT.padStart(5_120))))).toEqual(passed));
  it('after informational answers', async () =>
    expect(await ask((socket) => socket.end(`HTTP/1.1 103 Early Hints\r\n\r\n${answer(TEXT)}`))).toEqual(passed));
});

describe('a probe fails', () => {
  it('when the text is missing, or only nearly there', async () => {
    for (const body of ['', '{"verdict":"fail"}', '"VERDICT":"PASS"', TEXT.slice(1)])
      expect(await ask((socket) => socket.end(answer(body)))).toEqual(failed('text not found'));
  });
  it('when the text ends after byte 5,120', async () =>
    expect(await ask((socket) => socket.end(answer(TEXT.padStart(5_121))))).toEqual(failed('text not found')));
  it('at any other status, with the right text too', async () => {
    for (const status of ['400 Bad', '404 Not Found', '503 Unavailable', '600 Odd']) {
      expect(await ask((socket) => socket.end(answer(TEXT, status)))).toEqual(failed(`status ${status.slice(0, 3)}`));
    }
  });
  it('when the protocol is switched', async () =>
    expect(await ask((socket) => socket.write('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'))).toEqual(
      failed('status 101'),
    ));
  it('when the connection is refused', async () => {
    const { port, server } = await listen(() => undefined);
    server.close();
    await once(server, 'close');
    open.pop();
    expect(await run({ port })).toEqual(failed('connection refused or reset'));
  });
  it('when the connection is reset, or closed without a word', async () => {
    expect(await ask((socket) => socket.resetAndDestroy())).toEqual(failed('connection refused or reset'));
    expect(await ask((socket) => socket.end())).toEqual(failed('connection refused or reset'));
  });
  it('when it breaks off inside the body', async () =>
    expect(await ask((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"ver'))).toEqual(
      failed('connection refused or reset'),
    ));
  it('when the answer is garbage', async () => {
    expect(await ask((socket) => socket.end(Buffer.from([0, 255, 1, 254, 13, 10])))).toEqual(failed('no HTTP'));
    expect(await ask((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))).toEqual(failed('no HTTP'));
    expect(await ask((socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`))).toEqual(failed('no HTTP'));
  });
});

describe('a probe takes no longer than its limits', () => {
  const STATUS = { ...AMPLE, statusMs: SHORT_MS };
  it('when nothing is answered: the limit for the status counts, not that for connecting', async () => {
    const begunMs = performance.now();
    expect(await ask(() => undefined, {}, STATUS)).toEqual(failed('no status in time'));
    expect(performance.now() - begunMs).toBeGreaterThanOrEqual(SHORT_MS - 5);
  });
  it('when the head drips', async () =>
    expect(await ask(drip('HTTP/1.1 200 OK\r\nX-Slow: yes\r\nX-Slower: yes\r\n\r\n'), {}, STATUS)).toEqual(failed('no status in time')));
  it('when the body drips', async () =>
    expect(
      await ask(
        (socket) => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n');
          drip('x'.repeat(2_000))(socket);
        },
        {},
        { ...AMPLE, bodyMs: SHORT_MS },
      ),
    ).toEqual(failed('no body in time')));
  it('when hints go on for ever', async () =>
    expect(await ask(drip('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(2_000), 28), {}, STATUS)).toEqual(failed('no status in time')));
  it('when the other side is frozen: no status while its queue has room, no connection afterwards', async () => {
    const child = spawn(
      process.execPath,
      [
        '-e',
        'const s = require("node:net").createServer().listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => console.log(s.address().port))',
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const held: Socket[] = [];
    try {
      const [line]: unknown[] = await once(child.stdout, 'data');
      const port = Number(String(line));
      child.kill('SIGSTOP');
      expect(await run({ port }, undefined, STATUS)).toEqual(failed('no status in time'));
      for (let index = 0; index < 8; index += 1) held.push(connect({ host: '127.0.0.1', port }).on('error', () => undefined));
      await Promise.race(held.map((socket) => once(socket, 'connect')));
      expect(await run({ port }, undefined, { ...AMPLE, connectMs: SHORT_MS })).toEqual(failed('no connection in time'));
    } finally {
      for (const socket of held) socket.destroy();
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });
  it('which are those of Route 53', () => expect(PROBE_LIMITS).toEqual({ connectMs: 4_000, statusMs: 2_000, bodyMs: 2_000 }));
});

describe('a probe', () => {
  it('sends the checked name as Host, the path, and who it is, on a connection of its own', async () => {
    const heads: string[] = [];
    const onHead = (socket: Socket) => (bytes: Buffer) => {
      heads.push(String(bytes));
      socket.write(answer(TEXT));
    };
    const { port } = await listen((socket) => socket.on('data', onHead(socket)));
    expect([await run({ port }), await run({ port })]).toEqual([passed, passed]);
    expect(heads).toHaveLength(2);
    expect(heads[0]).toMatch(/^GET \/health HTTP\/1\.1\r\n/);
    expect(heads[0]).toMatch(/\r\nhost: eu-central-1\.api\.tandem\.test\r\n/i);
    expect(heads[0]).toMatch(/\r\nuser-agent: Amazon-Route53-Health-Check-Service \(ref Deep; /i);
  });

  it('that is stopped ends at once, and closes its connection', async () => {
    const stop = new AbortController();
    const closed = Promise.withResolvers<void>();
    const { port } = await listen((socket) => socket.on('close', () => closed.resolve()).on('data', () => stop.abort()));
    expect(await run({ port }, stop.signal, PROBE_LIMITS)).toEqual(failed('stopped'));
    await closed.promise;
    expect(await run({ port }, stop.signal)).toEqual(failed('stopped'));
  });
});

async function ask(
  behave: (socket: Socket) => unknown,
  more: Partial<ProbeTarget> = {},
  limits: ProbeLimits = AMPLE,
): Promise<ProbeOutcome> {
  const { port } = await listen((socket) => socket.once('data', () => behave(socket)));
  return run({ port, ...more }, undefined, limits);
}

function run(more: Partial<ProbeTarget>, signal = new AbortController().signal, limits: ProbeLimits = AMPLE): Promise<ProbeOutcome> {
  const target = {
    address: '127.0.0.1',
    port: 0,
    host: 'eu-central-1.api.tandem.test',
    path: '/health',
    searchText: TEXT,
    reference: 'Deep',
    ...more,
  };
  return probe(target, signal, limits);
}

async function listen(onSocket: (socket: Socket) => unknown): Promise<{ port: number; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  }).listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  open.push({ server, sockets });
  return { port: portOf(server.address()), server };
}

function drip(text: string, size = 1) {
  return (socket: Socket): void => {
    let at = 0;
    const timer = setInterval(() => {
      socket.write(text.slice(at, at + size));
      at += size;
    }, 5);
    socket.on('close', () => clearInterval(timer));
  };
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
