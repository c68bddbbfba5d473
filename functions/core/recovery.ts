/**
 * A region that was lost for good, and what operators do about it: bring it back (`rebuildRegion`, here) or give its stock
 * to another (`reclaimStock`, reclaim.ts). The steps are written once, over a port: `ops` runs them on a real system, the
 * simulator on its own, and both may die between any two of them. Whoever starts one again continues it.
 */
import { Hlc } from './hlc.ts';
import { numberOf, writerOf } from './item.ts';
import { type Control, foldControl, incarnationItem, REGIONS_KEY } from './operations.ts';
import { isFactOf, planRebuild, type RebuildPlan, reput, standIns } from './rebuild.ts';
import { reconcileOrder } from './reconcile.ts';
import type { Item, Key, Store } from './store.ts';
import { EXPIRES } from './synthetic.ts';
import { parseWriter, regionOf, writerName } from './writer.ts';

/** As many items as a transaction holds. */
const ITEMS_PER_WRITE = 100;
/** Looks at a replica until everything has arrived, and milliseconds between two. */
const LOOKS_MAX = 1_000;
const LOOK_EVERY_MS = 250;

export type TableName = 'data' | 'control';
const TABLES = ['data', 'control'] as const satisfies readonly TableName[];

/** The system as an operator's tools reach it. */
export interface Estate {
  /** In the order of the configuration. */
  readonly regions: readonly string[];
  /** Milliseconds since 1970. */
  now(): number;
  /** Regions whose state is gone, and those whose rebuild has not admitted them. */
  lost(): Promise<readonly string[]>;
  /** A region's replica of a table. */
  store(region: string, table: TableName): Store;
  /** All items of it, each read strongly. No snapshot: its pages are read one after the other, while callers write. */
  scan(region: string, table: TableName): Promise<readonly Item[]>;
  /**
   * Takes a region that is given up from its callers, and sees that it serves none any more. Whatever it acknowledges after the
   * cut is on no other region, and it need not know that it was fenced. Does nothing to a region that was started anew.
   *
   * @throws when it still serves
   */
  closeDoor(region: string): Promise<void>;
  /** Stops replication to and from a region for good. What was under way never arrives. */
  cut(region: string): Promise<void>;
  /** Brings a lost region back with empty tables, `control` in its control table before any function can run. */
  restartEmpty(region: string, control: readonly Item[]): Promise<void>;
  /** Starts replication to and from a region anew, and fills it from the survivors. May end before all has arrived. */
  restore(region: string): Promise<void>;
  /** Calls a region lost no more and lets callers reach it. Its gate lets none write. */
  admit(region: string): Promise<void>;
  pause(ms: number): Promise<void>;
  progress(line: string): void;
}

/** What was asked for does not fit what the regions say. */
export class RecoveryRefused extends Error {
  override readonly name = 'RecoveryRefused';
}

/** How a region stands with those that are left. */
export interface Loss {
  readonly region: string;
  readonly isLost: boolean;
  /** Neither lost nor this one; in the order of the configuration. */
  readonly survivors: readonly string[];
  /** The first of them. */
  readonly heir: string;
  /** What all of them know of the region, and the region itself when it is not lost. */
  readonly known: Control;
}

/** What a rebuild would do. */
export interface RebuildPreview extends RebuildPlan {
  readonly loss: Loss;
  /** The name that the region would serve under. */
  readonly writer: string;
  /** Items of the survivors, each counted once. */
  readonly copied: number;
  /** A rebuild under that name was begun and has not ended. */
  readonly begun: boolean;
}

export interface Rebuilt {
  readonly region: string;
  readonly incarnation: number;
  /** Rows written under the new incarnation. */
  readonly rows: number;
  /** Skus of which the region now knows fewer units received than sold. */
  readonly negative: readonly string[];
}

/** @throws {RecoveryRefused} for a region that is not configured, or when no other is left */
export const lossOf = async (estate: Estate, region: string): Promise<Loss> => {
  const all = estate.regions.join(', ');
  if (!estate.regions.includes(region)) throw new RecoveryRefused(`given region "${region}"; allowed: ${all}`);
  const lost = await estate.lost();
  const survivors = estate.regions.filter((each) => each !== region && !lost.includes(each));
  const [heir] = survivors;
  if (heir === undefined) throw new RecoveryRefused(`given ${region}, but no other region of ${all} is left to go on from`);
  const isLost = lost.includes(region);
  const said: Item[] = [];
  for (const each of isLost ? survivors : [region, ...survivors]) said.push(...(await estate.store(each, 'control').query(REGIONS_KEY)));
  return { region, isLost, survivors, heir, known: foldControl(region, said) };
};

/**
 * Brings back a region that was lost for good: close its front door, fence, cut, restart empty, copy from the survivors, merge, admit, serve under
 * a new incarnation. Continues a rebuild that was interrupted; of one that was admitted it only ends what was begun, so that
 * a region that has served is never emptied: it is admitted, and no longer called lost, before it may serve.
 *
 * @throws {RecoveryRefused} when no survivor is left
 * @throws Error when a step does not end within its bound; run it again to continue
 */
export const rebuildRegion = async (estate: Estate, region: string): Promise<Rebuilt> => {
  const loss = await lossOf(estate, region);
  const { isLost, survivors, heir } = loss;
  const incarnation = nextIncarnation(loss);
  const writer = writerName({ region, incarnation });
  const fence = (phase: 'FENCED' | 'SERVES', by: string): Item => incarnationItem({ region, incarnation, by, phase, atMs: estate.now() });
  const serve = async (): Promise<Rebuilt> => {
    estate.progress(`${writer} may serve`);
    for (const each of [region, ...survivors]) await place(estate.store(each, 'control'), [fence('SERVES', each)]);
    return { region, incarnation, rows: 0, negative: [] };
  };
  if (!isLost) return serve();

  await estate.closeDoor(region);
  estate.progress(`fencing ${region}: every incarnation before ${writer} is retired`);
  for (const survivor of survivors) await place(estate.store(survivor, 'control'), [fence('FENCED', survivor)]);
  estate.progress(`cutting replication to and from ${region}`);
  await estate.cut(region);
  estate.progress(`starting ${region} empty and fenced`);
  await estate.restartEmpty(region, [fence('FENCED', heir)]);
  const copies = await shareFacts(estate, loss, incarnation);
  estate.progress(`copying ${copies.data.flat().length} items to ${region}`);
  await estate.restore(region);
  for (const table of TABLES) await arrived(estate, region, table, copies[table].flat());

  const plan = planRebuild(parseWriter(writer), copies.data, estate.now());
  const data = estate.store(region, 'data');
  estate.progress(`merging stock: ${plan.items.length} rows of ${writer}, ${plan.openOrders.length} open orders`);
  await place(data, plan.items);
  const context = { store: data, clock: estate, hlc: new Hlc(), region, writer, regions: estate.regions };
  for (const id of plan.openOrders) await reconcileOrder(context, id);

  await estate.admit(region);
  return { ...(await serve()), rows: plan.items.length, negative: plan.negative };
};

/** What a rebuild would do now. Changes nothing. @throws as `rebuildRegion` */
export const lookAtRebuild = async (estate: Estate, region: string): Promise<RebuildPreview> => {
  const loss = await lossOf(estate, region);
  const lost = { region, incarnation: nextIncarnation(loss) };
  const copies = await scanEach(estate, loss.survivors, 'data');
  return {
    ...planRebuild(lost, copies, estate.now()),
    loss,
    writer: writerName(lost),
    copied: new Set(copies.flat().map(keyText)).size,
    begun: loss.known.incarnation === lost.incarnation,
  };
};

/** The incarnation whose rebuild was begun and has not ended, or has been admitted; else the next. */
const nextIncarnation = ({ region, isLost, known }: Loss): number => {
  if (!isLost && (known.incarnation === 1 || known.closed))
    throw new RecoveryRefused(`given ${region}, which is not lost; allowed: a region that is`);
  return isLost && (!known.fenced || known.closed) ? known.incarnation + 1 : known.incarnation;
};

/** All items of each survivor's replicas, one list each. */
export type Copies = Readonly<Record<TableName, readonly (readonly Item[])[]>>;

export const scanEach = async (estate: Estate, regions: readonly string[], table: TableName): Promise<readonly (readonly Item[])[]> => {
  const copies: (readonly Item[])[] = [];
  for (const region of regions) copies.push(await estate.scan(region, table));
  return copies;
};

/**
 * What the lost region had told one survivor and not another, whoever holds it puts again for the others; else they would
 * differ for ever. What its ends stand in for is put as well. Of the data only facts. Of the control table everything, but of each key its latest word: an operator may
 * have given a switch twice through the lost region, and the earlier word must not come after the later one.
 *
 * @returns what the survivors held before
 */
export const shareFacts = async (estate: Estate, { region, survivors, heir }: Loss, incarnation: number): Promise<Copies> => {
  const copies = { data: await scanEach(estate, survivors, 'data'), control: await scanEach(estate, survivors, 'control') };
  await putMissing(estate.store(heir, 'data'), standIns(region, copies.data.flat()));
  if (survivors.length < 2) return copies;
  const isLatest = latestWord(copies.control.flat());
  estate.progress(`putting what ${region} had told only some survivors again, so that all hold all of it`);
  for (const [index, survivor] of survivors.entries()) {
    const facts = (copies.data[index] ?? []).filter((item) => isFactOf(item, region)).map((item) => reput(item, incarnation));
    await place(estate.store(survivor, 'data'), facts);
    const words = (copies.control[index] ?? []).filter((item) => regionOf(writerOf(item)) === region && isLatest(item));
    await place(
      estate.store(survivor, 'control'),
      words.map((item) => reput(item, incarnation)),
    );
  }
  return copies;
};

/** Whether nobody has a later version of an item. */
const latestWord = (items: readonly Item[]): ((item: Item) => boolean) => {
  const atOf = (item: Item): number => numberOf(item, 'at') ?? 0;
  const latest = new Map<string, number>();
  for (const item of items) latest.set(keyText(item), Math.max(atOf(item), latest.get(keyText(item)) ?? 0));
  return (item) => atOf(item) === latest.get(keyText(item));
};

export const place = async (store: Store, items: readonly Item[]): Promise<void> => {
  for (let start = 0; start < items.length; start += ITEMS_PER_WRITE)
    await store.transact(items.slice(start, start + ITEMS_PER_WRITE).map((item) => ({ action: 'put', item })));
};

/** Not over what has come meanwhile. */
const putMissing = async (store: Store, items: readonly Item[]): Promise<void> => {
  for (const item of items) await store.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }]);
};

/** Waits until a region's replica holds the key of every item, but of those that the table itself may delete meanwhile. */
export const arrived = async (estate: Estate, region: string, table: TableName, awaited: readonly Item[]): Promise<void> => {
  const keys = new Set(awaited.filter((item) => item[EXPIRES] === undefined).map(keyText));
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const present = new Set((await estate.scan(region, table)).map(keyText));
    if ([...keys].every((key) => present.has(key))) return;
    await estate.pause(LOOK_EVERY_MS);
  }
  throw new Error(
    `${region} does not hold all ${keys.size} items of the other regions after ${LOOKS_MAX} looks; see that replication runs, then start it again`,
  );
};

const keyText = ({ pk, sk }: Key): string => `${pk}\n${sk}`;
