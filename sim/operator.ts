/**
 * The operator who rebuilds a region that was lost for good: fence, cut, start empty, put the survivors' copies again, copy,
 * merge, reconcile, admit, serve. Each step is apart from the next, may be the last one before the operator's machine dies,
 * and the whole is then run again. What is put and merged, the core says.
 *
 * A second run must never empty a region that has served: it is admitted, and no longer called lost, before it may serve,
 * and a run that finds it neither lost nor fenced only ends what the run before began.
 */
import { Hlc } from '../functions/core/hlc.ts';
import { foldControl, incarnationItem, REGIONS_KEY } from '../functions/core/operations.ts';
import { isFactOf, planRebuild, reput } from '../functions/core/rebuild.ts';
import { reconcileOrder } from '../functions/core/reconcile.ts';
import type { Item, Store } from '../functions/core/store.ts';
import { parseWriter, writerName } from '../functions/core/writer.ts';
import type { Cell, TableName } from './cell.ts';
import { CellStore } from './environment.ts';
import type { Invocation } from './invocation.ts';
import { keyText } from './replica.ts';

/** As many items as a transaction holds. */
const ITEMS_PER_WRITE = 100;
/** Looks at the rebuilt replica until everything has arrived. */
const LOOKS_MAX = 1_000;
const LOOK_MS = 4_000;

/** What the operator's tools reach. */
export interface Estate {
  readonly regions: readonly string[];
  readonly nowMs: () => number;
  cellOf(region: string): Cell;
  /** Regions that are lost and not rebuilt. */
  lost(): readonly string[];
  cut(region: string): void;
  /** A new cell in place of the region's, with nothing but `control`. */
  restartEmpty(region: string, incarnation: number, control: readonly Item[]): void;
  /** Links on again, and the new replica is filled from the survivors. */
  restore(region: string, survivors: readonly string[]): void;
  /** The region is called lost no more, and its front door is open; its gate is not. */
  admit(region: string): void;
}

export const rebuildRegion = async (estate: Estate, invocation: Invocation, region: string): Promise<void> => {
  const survivors = estate.regions.filter((each) => each !== region && !estate.lost().includes(each));
  const [helper] = survivors;
  if (helper === undefined) return;
  const store = (of: string, table: TableName): Store => new CellStore(estate.cellOf(of), table, () => invocation);
  const isLost = estate.lost().includes(region);
  const items: Item[] = [];
  for (const each of isLost ? survivors : [region, ...survivors]) items.push(...(await store(each, 'control').query(REGIONS_KEY)));
  const known = foldControl(region, items);
  const incarnation = isLost && !known.fenced ? known.incarnation + 1 : known.incarnation;
  const writer = writerName({ region, incarnation });
  const fence = (phase: 'FENCED' | 'SERVES', by: string): Item => incarnationItem({ region, incarnation, by, phase, atMs: estate.nowMs() });
  const serve = async (): Promise<void> => {
    for (const each of [region, ...survivors]) await place(store(each, 'control'), [fence('SERVES', each)]);
  };
  if (!isLost && !known.fenced) return serve();

  for (const survivor of survivors) await place(store(survivor, 'control'), [fence('FENCED', survivor)]);
  await step(invocation, 'cut', () => estate.cut(region));
  await step(invocation, 'start empty', () => estate.restartEmpty(region, incarnation, [fence('FENCED', helper)]));
  const copies: (readonly Item[])[] = [];
  for (const survivor of survivors) copies.push(await scan(invocation, estate.cellOf(survivor)));
  for (const [index, survivor] of survivors.entries()) {
    const facts = (copies[index] ?? []).filter((item) => isFactOf(item, region)).map((item) => reput(item, incarnation));
    if (survivors.length > 1) await place(store(survivor, 'data'), facts);
  }
  await step(invocation, 'restore the links', () => estate.restore(region, survivors));
  await arrived(invocation, estate.cellOf(region), new Set(copies.flat().map(keyText)));

  const plan = planRebuild(parseWriter(writer), copies, estate.nowMs());
  const data = store(region, 'data');
  await place(data, plan.items);
  const context = { store: data, clock: { now: estate.nowMs }, hlc: new Hlc(), region, writer, regions: estate.regions };
  for (const id of plan.openOrders) await reconcileOrder(context, id);
  await step(invocation, 'admit', () => estate.admit(region));
  return serve();
};

const step = (invocation: Invocation, name: string, act: () => void): Promise<void> => invocation.step(() => name, act);

const place = async (store: Store, items: readonly Item[]): Promise<void> => {
  for (let start = 0; start < items.length; start += ITEMS_PER_WRITE)
    await store.transact(items.slice(start, start + ITEMS_PER_WRITE).map((item) => ({ action: 'put', item })));
};

/** A scan is no snapshot: its pages are read one after the other, while callers write. */
const scan = async (invocation: Invocation, cell: Cell): Promise<readonly Item[]> => {
  const page = (odd: number): Promise<readonly Item[]> =>
    invocation.step(
      () => `scan ${cell.name}`,
      () =>
        cell
          .replica('data')
          .items()
          .filter((item) => item.pk.charCodeAt(item.pk.length - 1) % 2 === odd),
    );
  return [...(await page(0)), ...(await page(1))];
};

const arrived = async (invocation: Invocation, cell: Cell, keys: ReadonlySet<string>): Promise<void> => {
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const present = await invocation.step(
      () => `scan ${cell.name}`,
      () => new Set(cell.replica('data').items().map(keyText)),
      LOOK_MS,
    );
    if ([...keys].every((key) => present.has(key))) return;
  }
  throw new Error(`${cell.name} does not get all of its survivors' items`);
};
