import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { edgeAddress } from '../../local/network.ts';
import { DnsPortError, type DnsServer, type DnsServerProps, startDnsServer } from '../../local/route53/server.ts';
import { answer, HUGE, types } from './route53/answerer.ts';
import { askUdp, framed, openTcp, parse, query, readTcp } from './route53/dns-client.ts';
import { DOMAIN, EU, US, ZONE } from './route53/templates.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});
const start = async (props: Partial<DnsServerProps> = {}): Promise<DnsServer> => {
  const server = await startDnsServer({ port: 0, answer, ...props });
  open.push(server);
  return server;
};

describe('ordinary clients', () => {
  it('get addresses, names and the reasons why there are none', async () => {
    const { port } = await start();
    const resolver = new Resolver({ timeout: 5_000, tries: 3 });
    resolver.setServers([`127.0.0.1:${port}`]);
    expect(await resolver.resolve4(DOMAIN, { ttl: true })).toEqual([{ address: edgeAddress(0), ttl: 10 }]);
    expect(await resolver.resolve4(`${US}.${DOMAIN}`, { ttl: true })).toEqual([{ address: edgeAddress(1), ttl: 60 }]);
    expect(await resolver.resolveCname(DOMAIN)).toEqual([`${EU}.origin.${DOMAIN}`]);
    expect(await resolver.resolveSoa(ZONE)).toMatchObject({ nsname: 'localhost', minttl: 86_400 });
    await expect(resolver.resolve4(`nosuch.${DOMAIN}`)).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolver.resolve6(`${EU}.${DOMAIN}`)).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(resolver.resolve4('example.com')).rejects.toMatchObject({ code: 'EREFUSED' });
  });

  it('get the same bytes over TCP', async () => {
    const { port } = await start();
    const socket = await openTcp(port);
    socket.write(framed(query(DOMAIN)));
    expect(await readTcp(socket, 1)).toEqual([await askUdp(port, query(DOMAIN))]);
  });
});

describe('an answer', () => {
  it('is SERVFAIL when the answer cannot be made, and the server goes on', async () => {
    let calls = 0;
    const { port } = await start({
      answer: (...given) => {
        calls += 1;
        if (calls === 1) throw new Error('no front door');
        return answer(...given);
      },
    });
    expect(parse(await askUdp(port, query(DOMAIN))).rcode).toBe(2);
    expect(parse(await askUdp(port, query(DOMAIN))).rcode).toBe(0);
  });
});

describe('an answer that is too long', () => {
  it('is asked for again over TCP by ordinary clients', async () => {
    const { port } = await start();
    const resolver = new Resolver({ timeout: 5_000, tries: 3 });
    resolver.setServers([`127.0.0.1:${port}`]);
    expect(await resolver.resolve4(HUGE)).toHaveLength(8);
  });
});

describe('a malformed message', () => {
  it('does not stop the server, over UDP and TCP', async () => {
    const { port } = await start();
    const socket = createSocket('udp4');
    const junk = fc.sample(fc.uint8Array({ maxLength: 300 }), 300);
    for (const bytes of junk) socket.send(bytes, port, '127.0.0.1');
    for (const bytes of junk.slice(0, 20)) {
      const tcp = await openTcp(port);
      tcp.on('error', () => undefined);
      tcp.end(bytes);
      tcp.resume();
    }
    expect(types(parse(await askUdp(port, query(DOMAIN))))).toEqual(['CNAME', 'A']);
    socket.close();
  });
});

describe('over TCP', () => {
  it('many queries on one connection are answered in order, however they are cut', async () => {
    const { port } = await start();
    const messages = Array.from({ length: 200 }, (_, id) => query(DOMAIN, { id }));
    const bytes = Buffer.concat(messages.map(framed));
    for (const piece of [bytes.length, 7]) {
      const socket = await openTcp(port);
      for (let at = 0; at < bytes.length; at += piece) socket.write(bytes.subarray(at, at + piece));
      expect((await readTcp(socket, 200)).map((each) => parse(each).id)).toEqual(messages.map((_, id) => id));
    }
  });

  it('a client that asks and does not read is not answered on, and gets every answer once it does', async () => {
    let answered = 0;
    const { port } = await start({
      answer: (...given) => {
        answered += 1;
        return answer(...given);
      },
    });
    const socket = await openTcp(port);
    socket.pause();
    // Some 33 MB of answers: more than the buffers of any kernel take in.
    const count = 15_000;
    socket.write(Buffer.concat(Array<Buffer>(count).fill(framed(query(HUGE)))));
    for (let before = -1; before !== answered; ) {
      before = answered;
      await new Promise((resume) => setTimeout(resume, 400));
    }
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(count);
    expect(await readTcp(socket, count)).toHaveLength(count);
  });

  it('a message that must not be answered ends the connection', async () => {
    const { port } = await start();
    const socket = await openTcp(port);
    socket.write(framed(Buffer.alloc(3)));
    expect(await readTcp(socket, 1)).toEqual([]);
  });

  it.each([
    ['is silent', () => undefined],
    ['drips bytes', (write: () => void) => setInterval(write, 10)],
  ])('a connection that %s is closed', async (_, behave) => {
    const { port } = await start({ idleMs: 150 });
    const socket = await openTcp(port);
    socket.on('error', () => undefined);
    const dripping = behave(() => socket.write(Buffer.from([0])));
    socket.write(Buffer.from([255, 255]));
    socket.resume();
    // A reset closes it, too, where a byte arrives after the end; `once` of events would take it for a failure.
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(dripping);
  });

  it('a connection that keeps asking is kept for longer than the idle time', async () => {
    const { port } = await start({ idleMs: 2_000 });
    const socket = await openTcp(port);
    const asking = (async () => {
      for (let asked = 0; asked < 7; asked += 1) {
        socket.write(framed(query(DOMAIN)));
        await new Promise((resume) => setTimeout(resume, 400));
      }
    })();
    expect(await readTcp(socket, 7)).toHaveLength(7);
    await asking;
  });

  it('connections above the limit are closed, and the others serve', async () => {
    const { port } = await start({ connectionsMax: 2 });
    const sockets = [await openTcp(port), await openTcp(port)];
    const third = await openTcp(port);
    third.on('error', () => undefined).resume();
    await once(third, 'close');
    sockets[1]?.write(framed(query(DOMAIN)));
    expect(sockets[1] && (await readTcp(sockets[1], 1))).toHaveLength(1);
    sockets[0]?.destroy();
  });
});

describe('the port', () => {
  it('that another program has is named, and nothing stays open', async () => {
    const tcp = createServer().listen({ host: '127.0.0.1', port: 0 });
    await once(tcp, 'listening');
    const address = tcp.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startDnsServer({ port, answer })).rejects.toThrow(
      new RegExp(`^DNS port ${port} \\(TCP\\) of 127\\.0\\.0\\.1 is used by another program$`),
    );
    tcp.close();
    await once(tcp, 'close');

    const udp = createSocket('udp4').bind(port, '127.0.0.1');
    await once(udp, 'listening');
    const refused: unknown = await startDnsServer({ port, answer }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DnsPortError);
    expect(refused).toMatchObject({ port, busy: true, message: expect.stringContaining('(UDP)') });
    udp.close();
    await once(udp, 'close');
    expect((await start({ port })).port).toBe(port);
  });

  it('is free again after close, with connections open', async () => {
    const server = await startDnsServer({ port: 0, answer });
    const socket = await openTcp(server.port);
    socket.resume();
    const ended = once(socket, 'close');
    await server.close();
    await ended;
    expect((await start({ port: server.port })).port).toBe(server.port);
  });
});
