/**
 * What must be true of a table that was restored from a backup of one region's replica. It is not what is true of the live
 * replicas once regions have healed: a backup cuts through everything that was under way.
 *
 * - DynamoDB takes a backup without causal consistency: of what is written within a minute of its time, some is in it and
 *   some is not, and the items of one local transaction may be parted.
 *   https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateBackup.html
 * - Items of other regions arrive one by one, in any order, and for as long as replication is behind. An END without its
 *   PLACED, a version without its parents, a HELD row ahead of its bookings are all as they should be.
 * - What a lost region had not replicated is lost for good: its next incarnation is built from what survivors hold.
 *
 * So each item is held against itself: that it can be read, and that what names its content by a hash still does. And the
 * sums are held against the facts for the rows which the backup's *own* region writes, under its present name: those are
 * whole in its own replica but for the moments before the cut. Every region's backup answers for that region; of the
 * others' rows it is only counted how many do not add up yet.
 *
 * Of the own rows, as many may be off as facts were written in the last minutes before the cut, and one in a hundred at
 * most: a store that was quiet must add up exactly. What canaries leave is not judged, because it expires in parts.
 */
import { bookingsCounted } from './bookings.ts';
import { isRecord, numberOf, partsOf, writerOf } from './item.ts';
import { foldOrder, holdsStock } from './order-fold.ts';
import { orderKey } from './order-items.ts';
import { editCountOf } from './record-fold.ts';
import { RECORD_PREFIX } from './records.ts';
import { foldHeld, type Held, stockKey, sum } from './stock-fold.ts';
import type { Item } from './store.ts';
import { EXPIRES, isSynthetic, isSyntheticSku } from './synthetic.ts';
import { skuOfTill, tillNumber, unitsAt } from './tills.ts';
import { damageOf } from './validate-item.ts';
import { wishOf } from './wishes.ts';
import { regionOf } from './writer.ts';

/** Before the newest heartbeat in the backup: DynamoDB's two minutes of doubt, and twice the minute between heartbeats. */
const CUT_MS = 4 * 60_000;
/** Of the sums that were checked, the part that may be off at the cut. */
const OFF_SHARE_MAX = 0.01;
/** Problems that are told; all are counted. */
const TOLD_MAX = 10;

/** Where a backup was cut, as its own region's heartbeat in it tells. */
export interface Cut {
  readonly region: string;
  /** The name under which the region wrote. */
  readonly writer: string;
  /** Milliseconds since 1970 of that heartbeat. */
  readonly atMs: number;
}

export interface Findings {
  readonly ok: boolean;
  readonly items: number;
  readonly partitions: number;
  /** Items and partitions that break a rule which no cut excuses. */
  readonly broken: number;
  /** Sums over the own region's facts that were checked, and those that are off. */
  readonly sums: number;
  readonly off: number;
  /** How many may be off, by what was written just before the cut. */
  readonly allowed: number;
  /** Rows of other regions that do not add up yet. */
  readonly unsettled: number;
  /** The first of what was found, in words. */
  readonly problems: readonly string[];
}

/** Takes a restored table partition by partition, in any order, each one whole and once. */
export class Validation {
  readonly #cut: Cut | undefined;
  readonly #told: string[] = [];
  /** Units in own reservations, by sku, and the own rows and tills that tell of them. */
  readonly #reserved = new Map<string, number>();
  readonly #rows = new Map<string, Held>();
  readonly #tills = new Map<string, readonly Item[]>();
  #items = 0;
  #partitions = 0;
  #broken = 0;
  #sums = 0;
  #off = 0;
  #fresh = 0;
  #unsettled = 0;

  /** @param cut undefined for a table without sums: each item is held against itself */
  constructor(cut: Cut | undefined) {
    this.#cut = cut;
  }

  /** Items added so far. */
  get items(): number {
    return this.#items;
  }

  add(partition: readonly Item[]): void {
    const [first] = partition;
    if (!first) return;
    this.#partitions += 1;
    this.#items += partition.length;
    for (const item of partition) {
      const damage = damageOf(item);
      if (damage !== undefined) this.breaks(`${item.pk} / ${item.sk} ${damage}`);
    }
    if (partition.some((item) => item[EXPIRES] !== undefined && !wishOf(item))) return;
    if (first.pk.startsWith(orderKey(''))) this.#addOrder(partition);
    const sku = skuOfTill(first.pk);
    if (sku !== undefined) this.#addTill(sku, partition);
    if (first.pk.startsWith(stockKey(''))) this.#addStock(first.pk.slice(stockKey('').length), partition);
    if (first.pk.startsWith(RECORD_PREFIX)) this.#addRecord(partition);
  }

  /** What no cut excuses. */
  breaks(problem: string): void {
    this.#broken += 1;
    this.#tell(problem);
  }

  /** Called once, at the end. @param whole all of the table was added: only then the sums over all orders mean anything */
  findings(whole: boolean): Findings {
    if (whole)
      for (const sku of new Set([...this.#rows.keys(), ...this.#reserved.keys()])) {
        const { sold = 0, tills = 0 } = this.#rows.get(sku) ?? {};
        // Nobody looks at a till that the row does not know.
        const atTills = sum((this.#tills.get(sku) ?? []).filter((till) => tillNumber(till) < tills).map(unitsAt));
        const reserved = this.#reserved.get(sku) ?? 0;
        this.#check(
          sold === reserved + atTills,
          `the row of ${sku} says ${sold} sold, orders hold ${reserved}, and ${atTills} are at tills`,
        );
      }
    const allowed = Math.min(this.#fresh, Math.max(1, Math.floor(this.#sums * OFF_SHARE_MAX)));
    return {
      ok: this.#broken === 0 && this.#off <= allowed,
      items: this.#items,
      partitions: this.#partitions,
      broken: this.#broken,
      sums: this.#sums,
      off: this.#off,
      allowed,
      unsettled: this.#unsettled,
      problems: this.#told,
    };
  }

  #addOrder(partition: readonly Item[]): void {
    const order = foldOrder(partition);
    const acceptance = partition.find((item) => ['PLACED', 'END'].includes(partsOf(item)[0] ?? ''));
    if (!order && acceptance) this.breaks(`${acceptance.pk} has an acceptance and makes no order`);
    this.#countFresh(partition);
    if (!order || isSynthetic(order.keeper.subject)) return;
    const { writer } = this.#cut ?? {};
    if (partition.some((item) => item.sk === `END#${writer}#${writer}`))
      this.#check(
        partition.some((item) => item.sk === `PLACED#${writer}`),
        `${partition[0]?.pk} was ended by ${writer}, which placed it, and its PLACED is missing`,
      );
    for (const reservation of order.reservations) {
      if (!this.#isOwnRegion(reservation.writer) || !holdsStock(reservation)) continue;
      for (const { sku, quantity } of reservation.lines) this.#reserved.set(sku, (this.#reserved.get(sku) ?? 0) + quantity);
    }
  }

  /** For every region: available + sold + granted - credited = booked. */
  #addStock(sku: string, partition: readonly Item[]): void {
    if (isSyntheticSku(sku)) return;
    this.#countFresh(partition);
    const held = foldHeld(partition);
    const booked = Map.groupBy(
      partition.filter((item) => partsOf(item)[0] === 'BOOKED'),
      (item) => regionOf(writerOf(item)),
    );
    for (const region of new Set([...held.map((each) => each.region), ...booked.keys()])) {
      const row = held.find((each) => each.region === region);
      // A receipt that two incarnations booked was booked once: the later one carried it over.
      const receipts = new Map((booked.get(region) ?? []).map((item) => [partsOf(item)[1], numberOf(item, 'quantity') ?? 0]));
      const had = sum(receipts.values());
      const has = row ? row.available + row.sold + sum(row.granted.values()) - sum(row.credited.values()) : 0;
      if (this.#isOwnRegion(region)) {
        if (row) this.#rows.set(sku, row);
        const bookings = bookingsCounted(partition, row?.writer);
        const counted = row?.bookings ?? 0;
        this.#check(
          has === had && counted >= bookings,
          `the row of ${sku} in ${region} accounts for ${has} units in ${counted} bookings, and ${had} were booked, of which the last was number ${bookings}`,
        );
      } else if (has !== had) this.#unsettled += 1;
    }
  }

  /** What lies at a till is sold in the row, and in no order. */
  #addTill(sku: string, partition: readonly Item[]): void {
    this.#tills.set(sku, [...(this.#tills.get(sku) ?? []), ...partition.filter((item) => writerOf(item) === this.#cut?.writer)]);
  }

  /** Every own edit counts up the own HEAD, and was made from versions that were here. */
  #addRecord(partition: readonly Item[]): void {
    this.#countFresh(partition);
    const versions = partition.filter((item) => partsOf(item)[0] === 'V');
    const parents = new Map(versions.map((item) => [partsOf(item)[1] ?? '', parentsOf(item)]));
    if (hasCycle(parents)) this.breaks(`${partition[0]?.pk} has a version that comes from itself`);
    const hidden = hiddenEdit(versions, parents);
    if (hidden) this.breaks(`${partition[0]?.pk} has a version that says it superseded ${hidden.sk}, and was not made from it`);
    const own = versions.filter((item) => writerOf(item) === this.#cut?.writer);
    const head = partition.find((item) => item.sk === `HEAD#${this.#cut?.writer}`);
    if (own.length === 0 && !head) return;
    const rev = (head && numberOf(head, 'rev')) ?? 0;
    const orphan = own.find((item) => parentsOf(item).some((parent) => !parents.has(parent)));
    this.#check(
      rev === own.length && !orphan,
      `${partition[0]?.pk} has ${own.length} versions of ${rev} edits${orphan ? `, and ${orphan.sk} comes from one that is missing` : ''}`,
    );
    const told = Math.max(0, ...versions.map((item) => seenOf(item, this.#cut?.writer ?? '')));
    this.#check(told <= rev, `${partition[0]?.pk} has a version that superseded edit ${told} of ${this.#cut?.writer}, which made ${rev}`);
  }

  #check(holds: boolean, problem: string): void {
    this.#sums += 1;
    if (holds) return;
    this.#off += 1;
    this.#tell(problem);
  }

  #countFresh(partition: readonly Item[]): void {
    const since = this.#cut === undefined ? Number.POSITIVE_INFINITY : this.#cut.atMs - CUT_MS;
    this.#fresh += partition.filter(
      (item) => this.#isOwnRegion(writerOf(item)) && (numberOf(item, 'at') ?? numberOf(item, 'placedAt') ?? 0) >= since,
    ).length;
  }

  #isOwnRegion(writer: string): boolean {
    return this.#cut !== undefined && regionOf(writer) === this.#cut.region;
  }

  #tell(problem: string): void {
    if (this.#told.length < TOLD_MAX) this.#told.push(problem);
  }
}

const parentsOf = (version: Item): readonly string[] => {
  const { parents } = version;
  return Array.isArray(parents) ? parents.filter((each) => typeof each === 'string') : [];
};

/** The edit of a writer up to which a version says that it superseded all. */
const seenOf = ({ seen }: Item, writer: string): number => (isRecord(seen) ? (editCountOf(seen[writer]) ?? 0) : 0);

/**
 * An edit that a version says to supersede, though it was not made from it. `seen` is no part of a version's name, and one
 * that is false hides an edit from every reader. Only of versions all of whose ancestors are here it can be told.
 */
const hiddenEdit = (versions: readonly Item[], parents: ReadonlyMap<string, readonly string[]>): Item | undefined => {
  const counted = versions.filter((item) => editCountOf(item['n']) !== undefined);
  for (const version of versions) {
    const vid = partsOf(version)[1] ?? '';
    const claimed = counted.filter((item) => partsOf(item)[1] !== vid && Number(item['n']) <= seenOf(version, writerOf(item)));
    if (claimed.length === 0) continue;
    const from = ancestorsOf(vid, parents);
    if ([...from].some((each) => !parents.has(each))) continue;
    const hidden = claimed.find((item) => !from.has(partsOf(item)[1] ?? ''));
    if (hidden) return hidden;
  }
  return undefined;
};

const ancestorsOf = (vid: string, parents: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> => {
  const found = new Set<string>();
  const left = [vid];
  for (let each = left.pop(); each !== undefined; each = left.pop())
    for (const parent of parents.get(each) ?? [])
      if (!found.has(parent)) {
        found.add(parent);
        left.push(parent);
      }
  return found;
};

/** Takes away what comes from nothing that is left, until that is all, or goes round. */
const hasCycle = (parents: ReadonlyMap<string, readonly string[]>): boolean => {
  const left = new Map([...parents].map(([vid, from]) => [vid, new Set(from.filter((each) => parents.has(each)))]));
  const children = new Map<string, string[]>();
  for (const [vid, from] of left) for (const each of from) children.set(each, [...(children.get(each) ?? []), vid]);
  const free = [...left].filter(([, from]) => from.size === 0).map(([vid]) => vid);
  for (let vid = free.pop(); vid !== undefined; vid = free.pop()) {
    left.delete(vid);
    for (const child of children.get(vid) ?? []) {
      left.get(child)?.delete(vid);
      if (left.get(child)?.size === 0) free.push(child);
    }
  }
  return left.size > 0;
};
