/**
 * Brings back a region that was lost for good: fence, cut, restart empty, copy from the survivors, merge, admit under a
 * new incarnation. Every step can be run again: an interrupted rebuild is continued by starting it once more.
 */
import { paginateScan } from '@aws-sdk/client-dynamodb';
import { DynamoStore } from '../functions/aws/dynamo-store.ts';
import { itemOf } from '../functions/aws/marshal.ts';
import { TABLES } from '../functions/contract/names.ts';
import { Hlc } from '../functions/core/hlc.ts';
import { foldControl, incarnationItem, REGIONS_KEY } from '../functions/core/operations.ts';
import { isFactOf, planRebuild, reput } from '../functions/core/rebuild.ts';
import { reconcileOrder } from '../functions/core/reconcile.ts';
import type { Item, Store } from '../functions/core/store.ts';
import { parseWriter, writerName } from '../functions/core/writer.ts';
import { OPERATOR_LIMITS } from './limits.ts';
import type { Target } from './targets/target.ts';

/** As many items as a transaction holds. */
const ITEMS_PER_WRITE = 100;
/** How long a survivor's facts may take to reach the rebuilt region, in polls of `POLL_MS`. */
const POLLS_MAX = 240;
const POLL_MS = 250;

export interface Rebuilt {
  readonly region: string;
  readonly incarnation: number;
  /** Rows written under the new incarnation. */
  readonly rows: number;
  /** Skus of which the region now knows fewer units received than sold. */
  readonly negative: readonly string[];
}

/** @throws Error when no survivor is left, or a step does not end within its bound; run it again to continue */
export const rebuildRegion = async (target: Target, region: string, progress: (line: string) => void): Promise<Rebuilt> => {
  const lost = await target.lostRegions();
  const survivors = target.regions.map((each) => each.name).filter((name) => name !== region && !lost.includes(name));
  const [helper] = survivors;
  if (helper === undefined)
    throw new Error(
      `given ${region} to rebuild, but no other region of ${target.regions.map((each) => each.name).join(', ')} is left to rebuild it from`,
    );

  const control = storeOf(target, helper, TABLES.control);
  const incarnation = await nextIncarnation(control, region);
  const writer = writerName({ region, incarnation });
  const fence = (phase: 'FENCED' | 'SERVES', by: string): Item => incarnationItem({ region, incarnation, by, phase, atMs: Date.now() });

  progress(`fencing ${region}: every incarnation before ${writer} is retired`);
  for (const survivor of survivors) await place(storeOf(target, survivor, TABLES.control), [fence('FENCED', survivor)]);
  progress(`cutting replication to and from ${region}`);
  await target.cutLinks(region);
  progress(`starting ${region} empty and fenced`);
  await target.restartEmpty(region, [fence('FENCED', helper)]);

  const copies = await Promise.all(survivors.map((survivor) => scan(target, survivor)));
  if (survivors.length > 1) {
    progress(`putting the facts of ${region} again, so that all survivors hold all of them`);
    for (const [index, survivor] of survivors.entries()) {
      const facts = (copies[index] ?? []).filter((item) => isFactOf(item, region)).map((item) => reput(item, incarnation));
      await place(storeOf(target, survivor, TABLES.data), facts);
    }
  }
  progress(`copying ${copies[0]?.length ?? 0} items to ${region}`);
  await target.restoreLinks(region);
  await arrived(target, region, new Set(copies.flat().map(keyText)));

  const plan = planRebuild(parseWriter(writer), copies, Date.now());
  const data = storeOf(target, region, TABLES.data);
  progress(`merging stock: ${plan.items.length} rows of ${writer}, ${plan.openOrders.length} open orders`);
  await place(data, plan.items);
  const context = {
    store: data,
    clock: { now: Date.now },
    hlc: new Hlc(),
    region,
    writer,
    regions: target.regions.map((each) => each.name),
  };
  for (const id of plan.openOrders) await reconcileOrder(context, id);

  progress(`admitting ${writer}`);
  for (const each of [region, ...survivors]) await place(storeOf(target, each, TABLES.control), [fence('SERVES', each)]);
  await target.admit(region);
  return { region, incarnation, rows: plan.items.length, negative: plan.negative };
};

/** The incarnation whose rebuild was begun and not ended, else the next. */
const nextIncarnation = async (control: Store, region: string): Promise<number> => {
  const known = foldControl(region, await control.query(REGIONS_KEY));
  return known.fenced ? known.incarnation : known.incarnation + 1;
};

const storeOf = (target: Target, region: string, table: string): Store =>
  new DynamoStore({ client: target.dynamo(region), table, limits: OPERATOR_LIMITS });

const place = async (store: Store, items: readonly Item[]): Promise<void> => {
  for (let start = 0; start < items.length; start += ITEMS_PER_WRITE) {
    await store.transact(items.slice(start, start + ITEMS_PER_WRITE).map((item) => ({ action: 'put', item })));
  }
};

const scan = async (target: Target, region: string): Promise<readonly Item[]> => {
  const items: Item[] = [];
  for await (const page of paginateScan({ client: target.dynamo(region) }, { TableName: TABLES.data, ConsistentRead: true }))
    items.push(...(page.Items ?? []).map(itemOf));
  return items;
};

const keyText = ({ pk, sk }: Item): string => `${pk}\n${sk}`;

/** Waits until the region's replica holds every key. */
const arrived = async (target: Target, region: string, keys: ReadonlySet<string>): Promise<void> => {
  for (let poll = 0; poll < POLLS_MAX; poll += 1) {
    const present = new Set((await scan(target, region)).map(keyText));
    if ([...keys].every((key) => present.has(key))) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(
    `${region} does not hold all ${keys.size} items of its survivors after ${(POLLS_MAX * POLL_MS) / 1_000} s; look at replication, then start the rebuild again`,
  );
};
