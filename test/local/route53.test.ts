/** The whole stand-in with real front doors and real probes; only the waiting between probes is shortened. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { edgeAddress, type Place } from '../../local/network.ts';
import type { Clock } from '../../local/route53/clock.ts';
import { systemClock } from '../../local/route53/clock.ts';
import { type Route53, type Route53Event, type Route53Props, startRoute53 } from '../../local/route53/route53.ts';
import { DnsPortError } from '../../local/route53/server.ts';
import { freePort } from '../support/free-port.ts';
import { askUdp, framed, openTcp, opt, parse, query, readTcp, subnet } from './route53/dns-client.ts';
import { DOMAIN, EU, system, US, ZONE } from './route53/templates.ts';

const REGIONS = [EU, US];
/** What DNS answers for them. */
const [IN_EU, IN_US] = [edgeAddress(0), edgeAddress(1)];
/** An interval of 10 s takes 0.2 s. */
const SPEED = 50;
/** Milliseconds in which what was sent before a stop arrives, on a machine that is busy. */
const UNDER_WAY_MS = 300;
const quick: Clock = { nowMs: () => systemClock.nowMs() * SPEED, sleep: (ms, signal) => systemClock.sleep(ms / SPEED, signal) };

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe('a region that is lost and comes back', () => {
  it('is left out of the answers near it, with events in order, and taken in again', async () => {
    const world = await start();
    await world.until((event) => event.kind === 'check' && event.check === 'Servinguseast2' && event.healthy);
    await world.until((event) => event.kind === 'check' && event.check === 'Servingeucentral1' && event.healthy);
    expect(await world.ask(1)).toEqual([IN_EU]);

    const from = world.events.length;
    await world.doors.get(EU)?.close();
    await world.until((event) => event.kind === 'answer' && event.near === EU && event.addresses[0] === IN_US, from);
    expect(world.events.slice(from)).toEqual([
      {
        kind: 'check',
        check: 'Deepeucentral1',
        role: 'deep',
        region: EU,
        healthy: false,
        detail: 'unhealthy: connection refused or reset',
      },
      {
        kind: 'check',
        check: 'Servingeucentral1',
        role: 'calculated',
        region: EU,
        healthy: false,
        detail: 'unhealthy: of its children, too few are healthy',
      },
      { kind: 'answer', name: DOMAIN, near: EU, addresses: [IN_US] },
    ]);
    expect([await world.ask(1), await world.ask(2)]).toEqual([[IN_US], [IN_US]]);
    expect(world.route53.addressesNear(`${DOMAIN}.`, EU)).toEqual([IN_US]);

    const back = world.events.length;
    await world.doors.get(EU)?.open();
    await world.until((event) => event.kind === 'answer' && event.near === EU && event.addresses[0] === IN_EU, back);
    expect(await world.ask(1)).toEqual([IN_EU]);
  });
});

describe('an evacuation', () => {
  it('told by the other region moves callers, and names the region that it is about', async () => {
    const world = await start();
    await world.until((event) => event.kind === 'check' && event.check === 'Servinguseast2' && event.healthy);
    await world.until((event) => event.kind === 'check' && event.check === 'Servingeucentral1' && event.healthy);
    const from = world.events.length;
    world.evacuated.add(`${EU}@${US}`);
    await world.until((event) => event.kind === 'answer' && event.near === EU, from);
    expect(world.events.slice(from)).toMatchObject([
      {
        kind: 'check',
        check: 'Switcheucentral1Atuseast2',
        role: 'switch',
        region: EU,
        healthy: false,
        detail: 'unhealthy: the text was found; inverted',
      },
      { kind: 'check', role: 'calculated', region: EU, healthy: false },
      { kind: 'answer', near: EU, addresses: [IN_US] },
    ]);
  });
});

describe('the front doors', () => {
  it('are asked by the names of the templates, and by nobody after stop', async () => {
    const world = await start();
    await world.until((event) => event.kind === 'check' && event.check === 'Servingeucentral1' && event.healthy);
    await world.route53.stop();
    await delay(UNDER_WAY_MS);
    const count = world.requests.length;
    await delay(3 * (10_000 / SPEED));
    expect(world.requests).toHaveLength(count);
    expect([...new Set(world.requests)].toSorted()).toEqual(
      [`${EU}.${DOMAIN}/health`, `${EU}.${DOMAIN}/switch/${US}`, `${US}.${DOMAIN}/health`, `${US}.${DOMAIN}/switch/${EU}`].toSorted(),
    );
  });
});

describe('a resolver near a region', () => {
  it('takes whoever asks it for a caller of that region, over UDP and TCP, unless the query names another subnet', async () => {
    const ports = new Map<string, number>();
    for (const region of REGIONS) ports.set(region, await freePort());
    await start({ resolverNear: (region) => ({ address: '127.0.0.1', port: ports.get(region) ?? 0 }) });
    for (const [region, address, other] of [
      [EU, IN_EU, IN_US],
      [US, IN_US, IN_EU],
    ] as const) {
      const port = ports.get(region) ?? 0;
      const far = opt({ subnet: subnet(region === EU ? 2 : 1) });
      const socket = await openTcp(port);
      socket.write(framed(query(DOMAIN)));
      const [overTcp = Buffer.alloc(0)] = await readTcp(socket, 1);
      expect(parse(await askUdp(port, query(DOMAIN))).packet.answers).toMatchObject([{ type: 'CNAME' }, { data: address }]);
      expect(parse(overTcp).packet.answers).toMatchObject([{ type: 'CNAME' }, { data: address }]);
      expect(parse(await askUdp(port, query(DOMAIN, { additionals: [far] }))).packet.answers).toMatchObject([{}, { data: other }]);
    }
  });

  it('that cannot be had ends the start, and leaves the name server’s port free', async () => {
    const world = await start();
    const [taken, free] = [world.route53.port, await freePort()];
    const resolverNear = (): Place => ({ address: '127.0.0.1', port: taken });
    await expect(world.startAnother(free, { resolverNear })).rejects.toThrow(DnsPortError);
    expect((await world.startAnother(free)).port).toBe(free);
  });
});

describe('start', () => {
  it('with a busy port fails with the port, and leaves no checker behind', async () => {
    const world = await start();
    await world.route53.stop();
    const holder = await start();
    await delay(UNDER_WAY_MS);
    const requests = world.requests.length;
    await expect(world.startAnother(holder.route53.port)).rejects.toThrow(DnsPortError);
    await delay(2 * (10_000 / SPEED));
    expect(world.requests).toHaveLength(requests);
  });

  it('begins with all regions answered near themselves, before any probe', async () => {
    const world = await start({ clock: systemClock });
    expect([await world.ask(1), await world.ask(2)]).toEqual([[IN_EU], [IN_US]]);
    expect(world.events).toEqual([]);
  });
});

interface Door {
  readonly port: number;
  open(): Promise<void>;
  close(): Promise<void>;
}

async function start(props: Partial<Route53Props> = {}) {
  const [events, requests, evacuated]: [Route53Event[], string[], Set<string>] = [[], [], new Set()];
  const doors = new Map<string, Door>();
  for (const region of REGIONS) doors.set(region, await door(region, requests, evacuated));
  const startAnother = async (port: number, more: Partial<Route53Props> = {}): Promise<Route53> => {
    const route53 = await startRoute53({
      zoneName: ZONE,
      regions: REGIONS,
      templates: system(REGIONS),
      addressOf: (region) => edgeAddress(REGIONS.indexOf(region)),
      frontDoorOf: (region) => ({ address: '127.0.0.1', port: doors.get(region)?.port ?? 0 }),
      port,
      clock: quick,
      onEvent: (event) => events.push(event),
      ...props,
      ...more,
    });
    cleanups.push(() => route53.stop());
    return route53;
  };
  const route53 = await startAnother(0);
  const until = async (condition: (event: Route53Event) => boolean, from = 0): Promise<void> => {
    while (!events.slice(from).some(condition)) await delay(10);
  };
  const ask = async (n: number) => {
    const { packet } = parse(await askUdp(route53.port, query(DOMAIN, { additionals: [opt({ subnet: subnet(n) })] })));
    return (packet.answers ?? []).flatMap((each) => (each.type === 'A' ? [each.data] : []));
  };
  return { events, requests, evacuated, doors, route53, startAnother, until, ask };
}

/** A front door that knows its region by the Host header, as the real ones do. */
async function door(region: string, requests: string[], evacuated: ReadonlySet<string>): Promise<Door> {
  let server: Server | undefined;
  let port = 0;
  const open = async (): Promise<void> => {
    server = createServer((request, response) => {
      requests.push(`${request.headers.host}${request.url}`);
      if (request.headers.host !== `${region}.${DOMAIN}`) response.writeHead(403).end();
      else if (request.url === '/health') response.end('{"verdict":"pass"}');
      else response.end(`{"evacuate":${evacuated.has(`${request.url?.slice('/switch/'.length)}@${region}`)}}`);
    }).listen({ host: '127.0.0.1', port });
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  };
  const close = async (): Promise<void> => {
    if (!server?.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  await open();
  cleanups.push(close);
  return {
    get port() {
      return port;
    },
    open,
    close,
  };
}
