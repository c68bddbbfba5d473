import { readFileSync } from 'node:fs';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { scanClient } from '../../functions/aws/restored-table.ts';
import { TABLES } from '../../functions/contract/names.ts';
import { Hlc } from '../../functions/core/hlc.ts';
import { incarnationItem } from '../../functions/core/operations.ts';
import { placeOrder } from '../../functions/core/orders.ts';
import { receiveStock } from '../../functions/core/stock.ts';
import type { Store } from '../../functions/core/store.ts';
import { wishItem } from '../../functions/core/wishes.ts';
import { bundle } from '../../infra/bundle.ts';
import { clientOptions } from '../../local/emulator-access.ts';
import { localCells } from '../../ops/commands/cells-of.ts';
import { plainProgress } from '../../ops/progress.ts';
import { countLetters } from '../../ops/sweep/dead-letters.ts';
import type { Place } from '../../ops/sweep/place.ts';
import { findPlace } from '../../ops/sweep/places.ts';
import { survey } from '../../ops/sweep/survey.ts';
import { isClean, type Swept, sweep } from '../../ops/sweep/sweep.ts';
import { tellLook, tellSwept } from '../../ops/sweep/tell.ts';
import { LocalTarget } from '../../ops/targets/local.ts';
import { REGIONS } from '../functions/api-world.ts';
import { deployVersions, sdkOf } from '../functions/cell.ts';
import { HERE, type Lab, PEER, startLab } from '../functions/lab.ts';
import { patientStore } from '../functions/tables.ts';
import { EU, startTestSystem } from '../local/local-system.ts';
import { PATIENT } from '../support/emulator.ts';
import { freePort } from '../support/free-port.ts';

const HOUSEKEEPING = 'housekeeping';
const EARLIER = 'housekeeping-of-an-earlier-release';
const FENCE = incarnationItem({ region: HERE, incarnation: 2, by: PEER, phase: 'FENCED', atMs: 1 });
const progress = plainProgress(() => undefined);
const { signal } = new AbortController();
const DAY_MS = 86_400_000;

describe('a region whose stream brings nothing', () => {
  let lab: Lab;
  let place: Place;

  beforeAll(async () => {
    lab = await startLab();
    const code = (): string => readFileSync(bundle().module('housekeeping'), 'utf8');
    await deployVersions(lab, HOUSEKEEPING, [code]);
    await deployVersions(lab, EARLIER, [() => 'exports.handler = async () => ({ batchItemFailures: [] });']);
    const sqs = new SQSClient(sdkOf(lab));
    const { QueueUrl: deadLetters = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'dead-letters' }));
    place = placeIn(lab.emulator.endpoint, deadLetters);
  });
  beforeEach(() => lab.data.transact([{ action: 'put', item: { pk: 'REGIONS', sk: `BEAT#${HERE}`, v: 1, at: Date.now(), rev: 1 } }]));
  afterAll(async () => {
    place?.close();
    await lab?.stop();
  });

  const placeIn = (endpoint: string, deadLetters: string): Place => {
    const access = clientOptions({ ...lab.emulator, name: HERE, endpoint }, { ...PATIENT, attemptsMax: 1 });
    const [dynamo, lambda, sqs] = [scanClient(access), new LambdaClient(access), new SQSClient(access)];
    const close = (): void => {
      for (const client of [dynamo, lambda, sqs]) client.destroy();
    };
    return { region: HERE, dynamo, lambda, housekeeping: HOUSEKEEPING, sqs, deadLetters, close };
  };

  const swept = (given: Partial<Parameters<typeof sweep>[0]> = {}): Promise<readonly Swept[]> =>
    sweep({ places: [place], progress, signal, onBegin: async () => undefined, ...given });

  it('shows what is due, has it done, removes the messages that were there before, and finds nothing the second time', async () => {
    // given a receipt, a cancellation and a want, all of the peer, and more messages than one call brings
    const { sku, order } = await missed(lab.data, 'first');
    await letters(place, 12);
    // when somebody looks
    const found = await survey(place);
    expect(found.due.map(({ task }) => task.kind).toSorted()).toEqual(['book', 'rebalance', 'reconcile']);
    expect(found.whole).toBe(true);
    const lettersBefore = await countLetters(place);
    const text = tellLook({ region: HERE, survey: found, letters: lettersBefore }, Date.now() + 3 * DAY_MS);
    expect(text).toContain(`${HERE}: 3 tasks due, the oldest for 3 days; `);
    expect(text).toContain('12 dead letters');
    expect(text).toContain(`orders whose reservation here must end  ${order}`);
    // then nothing was done
    expect((await survey(place)).due).toHaveLength(3);
    // when it is swept, and more is given up meanwhile
    const begun: string[] = [];
    const [done] = await swept({
      onBegin: async (region) => {
        begun.push(region);
        await letters(place, 1);
      },
    });
    // then all is done, and the message that nobody had looked behind is still there
    expect(done).toMatchObject({ left: [], fresh: 0, problems: [], letters: 12, removed: 12 });
    expect(done?.done).toBeGreaterThanOrEqual(3);
    expect(begun).toEqual([HERE]);
    expect(await lab.data.get({ pk: `STOCK#${sku}`, sk: `HELD#${HERE}` })).toMatchObject({
      sold: 0,
      [`granted_${PEER}`]: expect.any(Number),
    });
    expect((await lab.data.get({ pk: `ORDER#${order}`, sk: `END#${HERE}#${HERE}` }))?.['kind']).toBe('cancelled');
    expect(await countLetters(place)).toBe(1);
    expect((await survey(place)).due).toEqual([]);
    expect(await swept()).toMatchObject([{ done: 0, left: [], problems: [], letters: 1, removed: 1 }]);
    expect(await countLetters(place)).toBe(0);
  });

  it('goes on where it was interrupted, and until then keeps what it has not done and every message', async () => {
    await missed(lab.data, 'interrupted');
    await letters(place, 2);
    const controller = new AbortController();
    const ended = swept({ signal: controller.signal, onBegin: async () => controller.abort(new Error('ended by the test')) });
    await expect(ended).rejects.toThrow('ended by the test');
    expect(await visible(place)).toBe(2);
    expect((await survey(place)).due).toHaveLength(3);
    expect((await swept()).every(isClean)).toBe(true);
    expect([(await survey(place)).due, await countLetters(place)]).toEqual([[], 0]);
  });

  it('tells what remains and why, and keeps the messages, where housekeeping refuses, is too old, or nobody answers', async () => {
    await missed(lab.data, 'refused');
    await letters(place, 1);
    await lab.control.transact([{ action: 'put', item: FENCE }]);
    // Views of the control table are a few seconds old at most; another version has none.
    await deployVersions(lab, `${HOUSEKEEPING}-fenced`, [() => readFileSync(bundle().module('housekeeping'), 'utf8')]);
    const closed = placeIn(`http://127.0.0.1:${await freePort()}`, place.deadLetters);
    const places = [{ ...place, housekeeping: `${HOUSEKEEPING}-fenced` }, { ...place, housekeeping: EARLIER }, closed];
    try {
      const [fenced, old, silent] = await swept({ places });
      expect(fenced).toMatchObject({ done: 0, letters: 1, removed: 0, problems: [expect.stringContaining('refuses: fenced: ')] });
      expect(fenced?.left).toHaveLength(3);
      expect(fenced && tellSwept(fenced, Date.now())).toContain('no tasks done, 3 tasks left');
      expect(old?.problems).toEqual([expect.stringContaining('takes no tasks: it is of an earlier release; deploy there first')]);
      expect(silent?.problems).toEqual([expect.stringContaining('cannot be read')]);
      expect([fenced, old, silent].map((each) => each && isClean(each))).toEqual([false, false, false]);
      expect(await visible(place)).toBe(1);
    } finally {
      closed.close();
      await lab.control.transact([{ action: 'delete', key: FENCE }]);
    }
    expect((await swept()).every(isClean)).toBe(true);
  });
});

describe('a system that runs', () => {
  it('is found by its stacks, and does what its streams do not bring: a receipt of its own that is not booked', async () => {
    const system = await startTestSystem();
    try {
      const target = new LocalTarget(system.control, await system.control.system());
      const store = patientStore(await system.dynamo(EU), TABLES.data);
      // The stream asks for other regions' receipts only: a region books its own as it records them, at once.
      await store.transact([
        { action: 'put', item: { pk: 'STOCK#tea', sk: `RECEIPT#h#${EU}`, v: 1, region: EU, quantity: 5, at: Date.now() } },
      ]);
      const found = await findPlace(localCells(target), target.access(EU), undefined);
      if (found.kind === 'skipped') throw new Error(found.why);
      await letters(found.place, 1);
      const done = await sweep({ places: [found.place], progress, signal, onBegin: async () => undefined });
      expect(done).toMatchObject([{ left: [], problems: [], letters: 1, removed: 1 }]);
      expect(await store.get({ pk: 'STOCK#tea', sk: `HELD#${EU}` })).toMatchObject({ available: 5 });
      found.place.close();
      target.close();
    } finally {
      await system.stop();
    }
  });
});

/** Work of all kinds that the peer's items ask of this region, as replication left them. @returns the sku and the order */
const missed = async (store: Store, name: string): Promise<{ readonly sku: string; readonly order: string }> => {
  const [here, there] = [HERE, PEER].map((region) => ({
    store,
    clock: { now: () => Date.now() },
    hlc: new Hlc(),
    region,
    writer: region,
    regions: REGIONS,
  }));
  if (!here || !there) throw new Error('no regions');
  const given = { subject: 's', sku: name };
  await receiveStock(here, { ...given, region: HERE, key: 'own-receipt', quantity: 9 });
  const request = { lines: [{ sku: name, quantity: 2 }] };
  const placed = await placeOrder(here, { subject: 's', key: `${name}-order`, request });
  const order = placed.kind === 'done' ? placed.value.id : '';
  await receiveStock(there, { ...given, region: HERE, key: 'sent-receipt', quantity: 4 });
  await store.transact([
    { action: 'put', item: { pk: `ORDER#${order}`, sk: `E#cancel#h#${PEER}`, v: 1, at: Date.now() } },
    { action: 'put', item: wishItem(name, PEER, 4, Date.now()) },
  ]);
  return { sku: name, order };
};

/** Puts as many messages into the queue as are asked for. */
const letters = async ({ sqs, deadLetters: QueueUrl }: Place, count: number): Promise<void> => {
  for (let sent = 0; sent < count; sent += 10) {
    const Entries = Array.from({ length: Math.min(10, count - sent) }, (_, n) => ({
      Id: String(n),
      MessageBody: '{"DDBStreamBatchInfo":{}}',
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
};

/** Messages that another reader would get at once, given back as they were. */
const visible = async ({ sqs, deadLetters: QueueUrl }: Place): Promise<number> => {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }));
  return Messages.length;
};
