import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTableCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, it } from 'vitest';
import { itemOf } from '../../functions/aws/marshal.ts';
import { TABLES } from '../../functions/contract/names.ts';
import { holdsStock } from '../../functions/core/order-fold.ts';
import { stockKey } from '../../functions/core/stock-fold.ts';
import type { Item } from '../../functions/core/store.ts';
import { Replication } from '../../local/replication/links.ts';
import type { Answer } from '../../local/streams/batch.ts';
import { Follower } from '../../local/streams/follower.ts';
import { StreamReader, Unreachable } from '../../local/streams/reader.ts';
import { REGIONS } from '../functions/api-world.ts';
import { makeTestKey } from '../functions/callers.ts';
import { clientOf, createTables, patientStore } from '../functions/tables.ts';
import { startEmulator, type TestEmulator } from '../support/emulator.ts';
import { call, type Ledger, stockUp } from './callers.ts';
import { isLaterType } from './later.ts';
import { otherReleases, type Release, THE_NEXT, THIS, Workshop } from './releases.ts';
import { Served, type Told } from './served.ts';

const CALLERS = 4;
/** Of each half: after the first, the regions exchange their releases. */
const HALF_MS = 12_000;
const BEAT_MS = 5_000;
const QUIET_MS = 2_000;
const SETTLE_MS_MAX = 60_000;
/** Without an end, so that nothing of it is given up. */
const MAPPING = {
  patterns: [],
  batchSize: 100,
  windowMs: 0,
  bisects: true,
  reports: true,
  retriesMax: undefined,
  ageMsMax: undefined,
} as const;
const SKUS = ['tea', 'cup', 'pot'];

const workshop = new Workshop();
afterAll(() => workshop[Symbol.dispose]());

describe.each(otherReleases())('two regions under load, one with this release and one with %s', (other) => {
  it('fail no request and lose no acknowledged write, also while they exchange releases, and agree in the end', async () => {
    const key = makeTestKey();
    const ledger: Ledger = { acknowledged: [], refused: new Set(), unknown: 0 };
    const token = key.token({ sub: 'ann' });
    const [mine, others] = [await workshop.build(THIS), await workshop.build(other)];
    await withRegions(key.item, async (regions) => {
      // given a region of each release, and stock in both
      await regions.serve(mine, others);
      const skus = SKUS.map((sku) => `${sku}-${other.replaceAll(/\W/g, '')}`);
      const props = { regions: REGIONS, skus, token, ask: regions.ask, ledger };
      await stockUp(props);
      // when callers use both, and each region changes to the other release
      let over = false;
      const calling = Promise.all(Array.from({ length: CALLERS }, (_, number) => call(props, number, () => over)));
      try {
        await sleep(HALF_MS);
        await regions.serve(others, mine);
        // However long that took: each release has its half.
        await sleep(HALF_MS);
      } finally {
        over = true;
        await calling;
      }
      const tables = await regions.settled();

      // then no request failed, and each was refused for a reason of the data alone
      expect(regions.answers.filter(({ status }) => status >= 500)).toEqual([]);
      expect(REFUSALS).toEqual(expect.arrayContaining([...ledger.refused]));
      // and both regions hold the same, with all that was acknowledged
      const [here = [], there = []] = tables;
      expect(there).toEqual(here);
      const held = new Map(here.map((item) => [`${item.pk} ${item.sk}`, item]));
      for (const { pk, sk, holds } of ledger.acknowledged) expect(held.get(`${pk} ${sk}`), `${pk} ${sk}`).toMatchObject(holds);
      if (other === THE_NEXT) expect(here.filter(({ sk, laterMap }) => isUpdated(sk) && laterMap === undefined)).toEqual([]);
      // and both releases read it alike
      expectAgreement(mine, others, here);
      // and all of it was worth the while
      expect(ledger.acknowledged.length).toBeGreaterThan(100);
      expect(ledger.unknown).toBe(0);
      expect(here.some(isLaterType)).toBe(other === THE_NEXT);
      expect(new Set(here.filter(({ sk }) => sk.startsWith('PLACED#')).map(({ sk }) => sk)).size).toBe(2);
      expect(here.some(({ kind }) => kind === 'superseded')).toBe(true);
    });
  });
});

/** Rows that each region's next release had before, or after, this one. */
const isUpdated = (sk: string): boolean => /^(HELD|BEAT)#/.test(sk);

/** Why a request may be refused while two regions sell, ship and cancel at once. */
const REFUSALS = ['out-of-stock', 'order-cancelled', 'order-shipped', 'not-found', 'wrong-region'].map((name) => `/problems/${name}`);

/** Every order and every stock: what the older release sees in it, the newer one sees too, and the numbers add up. */
const expectAgreement = (mine: Release, other: Release, items: readonly Item[]): void => {
  const sold = new Map<string, number>();
  const partitions = Map.groupBy(items, ({ pk }) => pk);
  for (const [pk, partition] of partitions) {
    if (!pk.startsWith('ORDER#')) continue;
    const order = mine.rules.foldOrder(partition);
    expect(order).toMatchObject({ ...other.rules.foldOrder(partition) });
    for (const { sku, quantity } of (order?.reservations ?? []).filter(holdsStock).flatMap(({ lines }) => lines))
      sold.set(sku, (sold.get(sku) ?? 0) + quantity);
  }
  for (const [pk, partition] of partitions) {
    if (!pk.startsWith(stockKey(''))) continue;
    const stock = mine.rules.foldStock(partition);
    expect(stock).toMatchObject({ ...other.rules.foldStock(partition) });
    const booked = partition.filter(({ sk }) => sk.startsWith('BOOKED#')).reduce((sum, { quantity }) => sum + Number(quantity), 0);
    expect(stock).toMatchObject({ received: booked, moving: 0, sold: sold.get(pk.slice(stockKey('').length)) ?? 0 });
    expect(stock?.held.filter(({ available }) => available < 0)).toEqual([]);
  }
};

class Regions {
  readonly answers: Told[] = [];
  readonly #emulators: readonly TestEmulator[];
  readonly #replication: Replication;
  readonly #serving = new Map<string, Served>();
  readonly #started: Served[] = [];
  readonly #readers: StreamReader[] = [];
  readonly #followers: Follower<Answer>[] = [];
  /** When housekeeping was asked last, or has answered. */
  #busyAtMs = 0;
  readonly #beats: Promise<void>[] = [];
  #beating: NodeJS.Timeout | undefined;

  constructor(emulators: readonly TestEmulator[]) {
    this.#emulators = emulators;
    const regions = emulators.map((each) => ({ ...each, name: each.region }));
    this.#replication = new Replication({ regions, tables: [TABLES.data], onEvent: () => undefined });
  }

  async start(key: Item): Promise<void> {
    for (const emulator of this.#emulators) {
      const client = clientOf(emulator);
      await createTables(client);
      await patientStore(client, TABLES.control).transact([{ action: 'put', item: key }]);
      // A region that has been there for long: one that is new among others waits for a peer's word.
      const beat = { pk: 'REGIONS', sk: `BEAT#${emulator.region}`, v: 1, at: Date.now(), rev: 1 };
      await patientStore(client, TABLES.data).transact([{ action: 'put', item: beat }]);
      const { Table } = await client.send(new DescribeTableCommand({ TableName: TABLES.data }));
      client.destroy();
      this.#follow(emulator, Table?.LatestStreamArn ?? '');
    }
    await this.#replication.start();
    this.#beating = setInterval(() => this.#beat(), BEAT_MS);
  }

  /** Serves the first region with the first release, the second with the second; what was asked before is answered by what served before. */
  async serve(...releases: readonly Release[]): Promise<void> {
    for (const [index, release] of releases.entries()) {
      const emulator = this.#emulators[index];
      if (!emulator) throw new Error('a region for each release expected');
      const { region } = emulator;
      const served = await Served.start(release, { ...emulator, regions: REGIONS });
      this.#started.push(served);
      this.#serving.set(region, served);
    }
  }

  readonly ask = async (region: string, ...given: Parameters<Served['ask']>): Promise<Told> => {
    const served = this.#serving.get(region);
    if (!served) throw new Error(`nothing serves ${region}`);
    const told = await served.ask(...given);
    this.answers.push(told);
    return told;
  };

  /** Every region's rows, sorted, after nothing has moved for a while. */
  async settled(): Promise<readonly (readonly Item[])[]> {
    clearInterval(this.#beating);
    await Promise.all(this.#beats);
    const deadlineMs = Date.now() + SETTLE_MS_MAX;
    const moving = () => this.#replication.links().some(({ pending }) => pending > 0) || Date.now() - this.#busyAtMs < QUIET_MS;
    while (moving()) {
      if (Date.now() > deadlineMs) throw new Error(`not quiet within ${SETTLE_MS_MAX} ms`);
      await sleep(100);
    }
    return Promise.all(this.#emulators.map(rowsOf));
  }

  async stop(): Promise<void> {
    clearInterval(this.#beating);
    await Promise.all(this.#followers.map((follower) => follower.stop()));
    for (const reader of this.#readers) reader.destroy();
    await this.#replication.stop();
    await Promise.all(this.#started.map((served) => served.stop()));
  }

  /** Hands the table's stream to whichever release serves the region, as its mapping does. */
  #follow(emulator: TestEmulator, streamArn: string): void {
    const name = emulator.region;
    const reader = new StreamReader({ ...emulator, name });
    const follower = new Follower<Answer>({
      reader,
      rules: { ...MAPPING, streamArn },
      invoke: async (records) => {
        const served = this.#serving.get(name);
        if (!served) throw new Unreachable(`nothing serves ${name}`);
        this.#busyAtMs = Date.now();
        const payload = JSON.stringify(await served.handOver(records.map(({ event }) => event)));
        this.#busyAtMs = Date.now();
        return { failed: false, payload };
      },
      onDiscarded: async () => undefined,
    });
    this.#readers.push(reader);
    this.#followers.push(follower);
    // Told when it is stopped.
    follower.start().catch(() => undefined);
  }

  #beat(): void {
    for (const served of this.#serving.values()) {
      const beat = served.beat();
      // Told when all has settled.
      beat.catch(() => undefined);
      this.#beats.push(beat);
    }
  }
}

const withRegions = async (key: Item, use: (regions: Regions) => Promise<void>): Promise<void> => {
  const emulators: TestEmulator[] = [];
  try {
    for (const region of REGIONS) emulators.push(await startEmulator(region));
    const regions = new Regions(emulators);
    try {
      await regions.start(key);
      await use(regions);
    } finally {
      await regions.stop();
    }
  } finally {
    await Promise.all(emulators.map((emulator) => emulator.stop()));
  }
};

const rowsOf = async (emulator: TestEmulator): Promise<readonly Item[]> => {
  const client = clientOf(emulator);
  const items: Item[] = [];
  for await (const page of paginateScan({ client }, { TableName: TABLES.data, ConsistentRead: true }))
    items.push(...(page.Items ?? []).map(itemOf));
  client.destroy();
  return items.sort((a, b) => (`${a.pk} ${a.sk}` < `${b.pk} ${b.sk}` ? -1 : 1));
};
