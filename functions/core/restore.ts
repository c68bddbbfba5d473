/**
 * Repairs a live table from a restored copy of its past, item by item, each through the region that owns its key.
 *
 * | kind of item | repair |
 * |---|---|
 * | facts (`PLACED`, `END`, `E`, `RECEIPT`, `BOOKED`, `V`) | missing or damaged: put as restored, where the live item is still the one that was compared |
 * | facts that were told anew since, and what rested on the old ones | stay, and both are told: a person says which are put as restored |
 * | `HELD` | computed anew: restore-stock.ts |
 * | `WISH` | left: it counts for minutes |
 * | `HEAD` | counts; only one that no longer is a number gets a new one |
 * | extra facts | stay: callers were told of them |
 * | anything else, and everything of canaries | stays |
 *
 * Heartbeats, switches, keys, audit and deployments cannot be reached from here: what is no resource of users is not even
 * compared. Each step can be run again: what is right already is left alone.
 */
import { numberOf, partsOf, writerOf } from './item.ts';
import { reput } from './rebuild.ts';
import { compare, keyText, type Resource, resourceOf, sameFact, type ToldAnew } from './restore-compare.ts';
import { planStock, type StockRepair, stockSkus, type View } from './restore-stock.ts';
import { heldKey, heldOf } from './stock-fold.ts';
import type { Clock, Guard, Item, Key, Store, Write } from './store.ts';
import { TILLS, tillKey } from './tills.ts';
import { regionOf } from './writer.ts';

/** Looks at the whole and repairs of it, until nothing is left to do: callers go on meanwhile. */
const PASSES_MAX = 10;
/** Rows of stock that are read at the same time. */
const READS_AT_ONCE = 25;

/** A region that answers. */
export interface Replica {
  readonly region: string;
  /** `writerName` of its present incarnation. */
  readonly writer: string;
  readonly store: Store;
  /** All items of the data table, each read strongly consistently. */
  scan(): Promise<readonly Item[]>;
}

export interface RepairProps {
  /** All items of the restored copy. */
  readonly restored: readonly Item[];
  readonly replicas: readonly Replica[];
  readonly clock: Clock;
  /** When the copy was the present, in milliseconds since 1970; undefined: nobody knows. */
  readonly pointMs?: number | undefined;
  /** Keys (`keyText`) of facts that were told anew, and that are put as restored all the same. @default none */
  readonly replace?: ReadonlySet<string>;
  /** `total` may grow while it goes on. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** An item that stays as it is, although it should not. */
export interface Left extends Key {
  readonly why: string;
}

export interface Repaired {
  /** Facts put as they were, by resource. */
  readonly facts: Readonly<Record<Resource, number>>;
  /** Facts that were told anew since, and stay. */
  readonly toldAnew: readonly ToldAnew[];
  /** Facts put again, because another region did not hold what their own region holds. */
  readonly spread: number;
  /** Rows computed anew. */
  readonly rows: readonly Omit<StockRepair, 'writes'>[];
  readonly left: readonly Left[];
}

interface Step {
  readonly region: string;
  readonly resource: Resource;
  readonly write: Write;
  readonly spreads: boolean;
}

/** @throws {StoreUnavailable} when a region ceases to answer; run it again to go on */
export const repair = async (props: RepairProps): Promise<Repaired> => {
  const facts = { orders: 0, stock: 0, records: 0 };
  let [spread, done, total] = [0, 0, 0];
  let steps: readonly Step[] = [];
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    // That other regions do not hold a fact is mended once: afterwards it is on its way.
    steps = planFacts(props, await viewsOf(props.replicas)).filter((each) => pass === 0 || !each.spreads);
    total += steps.length;
    for (const { region, resource, write, spreads } of steps) {
      const { ok } = await storeOf(props.replicas, region).transact([write]);
      if (ok && spreads) spread += 1;
      else if (ok) facts[resource] += 1;
      done += 1;
      props.onProgress?.(done, total);
    }
    if (steps.length === 0) break;
  }
  const stock = await repairStock(props);
  const answering = new Set(props.replicas.map((each) => each.region));
  const views = await viewsOf(props.replicas);
  const ownerless = unowned(props, views, answering);
  const toldAnew = [...toldAnewIn(props, views).values()];
  return { facts, toldAnew, spread, rows: stock.rows, left: [...ownerless, ...steps.map(busy), ...stock.left] };
};

/** What was told anew, as its own region has it: only there it is known for certain. */
const toldAnewIn = ({ restored, pointMs }: RepairProps, views: readonly View[]): ReadonlyMap<string, ToldAnew> =>
  new Map(
    views.flatMap((view) =>
      compare(restored, view.items, pointMs)
        .flatMap(({ toldAnew }) => toldAnew)
        .filter((each) => regionOf(writerOf(each.restored)) === view.region)
        .map((each) => [keyText(each.restored), each] as const),
    ),
  );

/** What is to be put, of facts and of rows that count nothing but edits. */
const planFacts = (props: RepairProps, views: readonly View[]): readonly Step[] => {
  const { restored, clock, pointMs, replace = new Set() } = props;
  const steps = new Map<string, Step>();
  const indexes = views.map((view) => ({ view, index: new Map(view.items.map((item) => [keyText(item), item])) }));
  const kept = toldAnewIn(props, views);
  const everything = views.flatMap((view) => compare(restored, view.items, pointMs));
  for (const { resource, missing, changed, toldAnew } of everything) {
    const chosen = toldAnew.flatMap((each) => (replace.has(keyText(each.restored)) ? [each.restored] : []));
    for (const item of [...missing, ...changed.map((each) => each.restored), ...chosen]) {
      const key = keyText(item);
      const own = indexes.find(({ view }) => view.region === regionOf(writerOf(item)));
      if (own === undefined || (kept.has(key) && !replace.has(key))) continue;
      const live = own.index.get(key);
      const spreads = live !== undefined && sameFact(item, live);
      const write: Write = { action: 'put', item: spreads ? reput(item, clock.now()) : item, guards: unchanged(live, item) };
      steps.set(key, { region: own.view.region, resource, write, spreads });
    }
  }
  return [...steps.values(), ...views.flatMap((view) => headSteps(restored, view))];
};

/** A head that is no number refuses every edit; any number will do, as long as no edit under way has seen it. */
const headSteps = (restored: readonly Item[], view: View): readonly Step[] =>
  view.items
    .filter((item) => resourceOf(item) === 'records' && item.sk === `HEAD#${view.writer}` && !Number.isSafeInteger(item['rev']))
    .map((item) => {
      const before = numberOf(restored.find((each) => keyText(each) === keyText(item)) ?? item, 'rev') ?? 0;
      const versions = view.items.filter((each) => each.pk === item.pk && partsOf(each)[0] === 'V').length;
      const rev = Math.max(before, versions) + 1;
      return {
        region: view.region,
        resource: 'records',
        write: { action: 'put', item: { ...item, rev }, guards: unchanged(item, item) },
        spreads: false,
      } as const;
    });

/** The live item is the one that was read. Lists and maps are not compared: nothing but a fault changes a fact at all. */
const unchanged = (live: Item | undefined, restored: Item): readonly Guard[] => {
  if (live === undefined) return [{ is: 'absent' }];
  const names = new Set([...Object.keys(live), ...Object.keys(restored)].filter((name) => !['pk', 'sk', 'v'].includes(name)));
  return [
    { is: 'present' },
    ...[...names].flatMap((attribute): Guard[] => {
      const value = live[attribute];
      if (value === undefined) return [{ is: 'missing', attribute }];
      const comparable =
        typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value));
      return comparable ? [{ is: 'equals', attribute, value }] : [];
    }),
  ];
};

/**
 * Stock of a sku is right once its rows were seen to be while all of them stood still. Any other look proves nothing,
 * neither way: an order between the reading of orders and of a row may make up for exactly what the row is off by.
 */
const repairStock = async ({ restored, replicas, clock }: RepairProps): Promise<Pick<Repaired, 'rows' | 'left'>> => {
  const rows: Omit<StockRepair, 'writes'>[] = [];
  let doubtful = stockSkus(restored, await viewsOf(replicas));
  for (let pass = 0; pass < PASSES_MAX && doubtful.size > 0; pass += 1) {
    const skus = doubtful;
    const measured = await Promise.all(replicas.map((replica) => measure(replica, skus)));
    const plan = planStock(
      restored,
      measured.map((each) => each.view),
      clock.now(),
    );
    for (const { writes, ...told } of plan) {
      const steady = measured.find((each) => each.view.region === told.region)?.steady;
      if (steady?.has(told.sku) && (await storeOf(replicas, told.region).transact(writes)).ok) rows.push(told);
    }
    const wrong = new Set(plan.map((each) => each.sku));
    doubtful = new Set([...skus].filter((sku) => wrong.has(sku) || !measured.every((each) => each.steady.has(sku))));
  }
  const left = replicas.flatMap(({ writer }) => [...doubtful].map((sku) => ({ ...heldKey(sku, writer), why: BUSY })));
  return { rows, left };
};

const BUSY = 'callers changed it all the while; run it again, or evacuate the region first';

const busy = ({ write }: Step): Left => ({ ...keyOf(write), why: BUSY });

/**
 * Reads all of a region, and tells of which skus the region's row and tills stayed the same all the while: what was read of
 * these belongs together, because every order and booking changes one of them in the same transaction.
 */
const measure = async (
  replica: Replica,
  skus: ReadonlySet<string>,
): Promise<{ readonly view: View; readonly steady: ReadonlySet<string> }> => {
  const revisions = async () => {
    const found: (readonly [string, readonly (Item | undefined)[]])[] = [];
    const list = [...skus];
    for (let at = 0; at < list.length; at += READS_AT_ONCE)
      found.push(...(await Promise.all(list.slice(at, at + READS_AT_ONCE).map(async (sku) => [sku, await rowsOf(replica, sku)] as const))));
    return new Map(found);
  };
  const before = await revisions();
  const view = await viewOf(replica);
  const after = await revisions();
  return { view, steady: new Set([...skus].filter((sku) => JSON.stringify(before.get(sku)) === JSON.stringify(after.get(sku)))) };
};

/** The row of a sku, and its tills where it says that there may be some. */
const rowsOf = async ({ store, writer }: Replica, sku: string): Promise<readonly (Item | undefined)[]> => {
  const row = await store.get(heldKey(sku, writer));
  const open = row && heldOf(row).tills > 0 ? TILLS : 0;
  const tills = await Promise.all(Array.from({ length: open }, (_, till) => store.get(tillKey(sku, till, writer))));
  return [row, ...tills];
};

/** Facts that the answering regions lack, and whose own region does not answer. */
const unowned = ({ restored, pointMs }: RepairProps, views: readonly View[], answering: ReadonlySet<string>): readonly Left[] => {
  const wrong = views
    .flatMap((view) => compare(restored, view.items, pointMs))
    .flatMap(({ missing, changed }) => [...missing, ...changed.map((each) => each.restored)]);
  const lost = wrong.filter((item) => !answering.has(regionOf(writerOf(item))));
  return [...new Map(lost.map((item) => [keyText(item), item])).values()].map(({ pk, sk }) => ({
    pk,
    sk,
    why: `its region ${regionOf(sk.split('#').at(-1) ?? '')} does not answer`,
  }));
};

const viewOf = async ({ region, writer, scan }: Replica): Promise<View> => ({ region, writer, items: await scan() });

const viewsOf = (replicas: readonly Replica[]): Promise<readonly View[]> => Promise.all(replicas.map(viewOf));

const storeOf = (replicas: readonly Replica[], region: string): Store => {
  const replica = replicas.find((each) => each.region === region);
  if (replica === undefined) throw new Error(`region ${region} is none of those that are repaired`);
  return replica.store;
};

const keyOf = (write: Write): Key => {
  const { pk, sk } = write.action === 'put' ? write.item : write.key;
  return { pk, sk };
};
