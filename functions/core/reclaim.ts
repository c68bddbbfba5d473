/**
 * The stock of a region that was lost and will not be back soon, given to the first survivor, its heir. The dead region's
 * books are closed under an incarnation that never serves (`CLOSED`): its row says what the heir was granted, and the heir
 * takes it over by the rule by which it takes over every grant. A rebuild that follows is the next incarnation, and finds
 * those units granted.
 *
 * What open orders of the dead region hold stays reserved: only that region may ship or end them, when it is rebuilt.
 */
import { Hlc } from './hlc.ts';
import { numberOf, writerOf } from './item.ts';
import { foldControl, incarnationItem, REGIONS_KEY } from './operations.ts';
import { availableOf, type Books, booksOf, isEmpty, isFactOf, rowOf, unbooked, wishNothing } from './rebuild.ts';
import { arrived, type Estate, type Loss, lossOf, place, RecoveryRefused, scanEach, shareFacts, type TableName } from './recovery.ts';
import { rebalanceStock } from './stock.ts';
import { foldHeld, stockKey } from './stock-fold.ts';
import type { Guard, Item, Write } from './store.ts';
import { EXPIRES } from './synthetic.ts';
import { wishOf } from './wishes.ts';
import { regionOf, type Writer, writerName } from './writer.ts';

/** Bookings in the transaction of their row; DynamoDB takes 100 writes. */
const BOOKINGS_PER_WRITE = 99;

/** Units of a sku. */
export interface Units {
  readonly sku: string;
  readonly units: number;
}

export interface ReclaimPlan {
  /** Closes the books. */
  readonly writer: Writer;
  readonly heir: string;
  /** What the heir is granted now, beyond what it was granted before. */
  readonly granted: readonly Units[];
  /** Skus of which fewer units are known to be received than sold or granted, and how many fewer. Nothing is granted of them. */
  readonly negative: readonly Units[];
  /** Orders whose reservations stay. */
  readonly openOrders: readonly string[];
  /** Skus of which the heir has not taken over everything that it is granted, now or before. */
  readonly untaken: readonly string[];
  /** One for each sku whose row changes. */
  readonly rows: readonly ClosedRow[];
}

interface ClosedRow {
  readonly row: Item;
  /** Nobody else has written the row meanwhile. */
  readonly guard: Guard;
  readonly bookings: readonly Item[];
}

/**
 * What closes the books of a lost region. Pure: of the same items the same plan, and an empty one once it is carried out.
 *
 * @param copies all items of the data table of each survivor, the heir's first
 */
const planReclaim = (writer: Writer, heir: string, copies: readonly (readonly Item[])[], nowMs: number): ReclaimPlan => {
  const { books, openOrders } = booksOf(writer.region, copies.flat());
  const rows = (copies[0] ?? []).filter((item) => item.sk.startsWith('HELD#'));
  const bySku = Map.groupBy(rows, (item) => item.pk);
  const written = new Map(rows.filter((item) => writerOf(item) === writerName(writer)).map((item) => [item.pk, item]));
  const taken = (sku: string): number =>
    foldHeld(bySku.get(stockKey(sku)) ?? [])
      .find((row) => row.region === heir)
      ?.credited.get(writer.region) ?? 0;
  const closed = books.map((each) => grantRest(closeMoves(each), heir)).filter(({ rest }) => !isEmpty(rest));
  return {
    writer,
    heir,
    granted: closed.filter(({ units }) => units > 0).map(({ rest: { sku }, units }) => ({ sku, units })),
    negative: closed.map(({ rest }) => ({ sku: rest.sku, units: -availableOf(rest) })).filter(({ units }) => units > 0),
    openOrders,
    untaken: closed.filter(({ rest }) => grantedOf(rest, heir) > taken(rest.sku)).map(({ rest }) => rest.sku),
    rows: closed.flatMap(({ rest }) => closedRow(writer, rest, written.get(stockKey(rest.sku)), nowMs)),
  };
};

/** The dead region takes nothing over any more, so whatever was granted to it counts as taken over. */
const closeMoves = (books: Books): Books => ({
  ...books,
  moves: books.moves.map((move) => ({ ...move, credited: Math.max(move.credited, move.offered) })),
});

/** Grants the heir what is left, on top of what it was granted before. Never less than nothing: a shortage is nobody's to take back. */
const grantRest = (books: Books, heir: string): { readonly rest: Books; readonly units: number } => {
  const units = Math.max(0, availableOf(books));
  const known = books.moves.find((move) => move.region === heir) ?? { region: heir, granted: 0, credited: 0, offered: 0 };
  const moves = [...books.moves.filter((move) => move !== known), { ...known, granted: known.granted + units }];
  return { rest: { ...books, moves }, units };
};

const grantedOf = ({ moves }: Books, heir: string): number => moves.find((move) => move.region === heir)?.granted ?? 0;

const closedRow = (writer: Writer, books: Books, before: Item | undefined, nowMs: number): readonly ClosedRow[] => {
  const rev = before && (numberOf(before, 'rev') ?? 0);
  const row = { ...rowOf(writer, books), rev: (rev ?? 0) + 1 };
  const bookings = unbooked(writer, books, nowMs);
  if (before && bookings.length === 0 && saysTheSame(row, before)) return [];
  return [{ row, bookings, guard: rev === undefined ? { is: 'absent' } : { is: 'equals', attribute: 'rev', value: rev } }];
};

const saysTheSame = (row: Item, before: Item): boolean =>
  [...new Set([...Object.keys(row), ...Object.keys(before)])].every((name) => name === 'rev' || row[name] === before[name]);

/** What a reclaim would do now. Changes nothing. @throws as `reclaimStock` */
export const lookAtReclaim = async (estate: Estate, region: string): Promise<ReclaimPlan> => {
  const loss = await lossOf(estate, region);
  return planReclaim(closingWriter(loss), loss.heir, await scanEach(estate, loss.survivors, 'data'), estate.now());
};

/**
 * Gives the stock of a lost region to its heir: close its front door, fence and close its books, cut, share the dead region's facts, take back what it
 * wanted, then grant what is left. Continues one that was interrupted, and grants what has come since: a grant that was
 * under way, a receipt that names the dead region.
 *
 * @throws {RecoveryRefused} for a region that is not lost, without a survivor, or whose rebuild was begun
 * @throws Error when a step does not end within its bound, or another run writes the same row; run it again to continue
 */
export const reclaimStock = async (estate: Estate, region: string): Promise<ReclaimPlan> => {
  const loss = await lossOf(estate, region);
  const { survivors, heir } = loss;
  const writer = closingWriter(loss);
  const name = writerName(writer);
  await estate.closeDoor(region);
  estate.progress(`fencing ${region}: ${name} closes its books and never serves`);
  for (const by of survivors) {
    const items = (['CLOSED', 'FENCED'] as const).map((phase) => incarnationItem({ ...writer, by, phase, atMs: estate.now() }));
    // One transaction: a fence alone would say that a rebuild was begun.
    await place(estate.store(by, 'control'), items);
  }
  estate.progress(`cutting replication to and from ${region}`);
  await estate.cut(region);

  const copies = await shareFacts(estate, loss, writer.incarnation);
  const isTheirs = (item: Item): boolean => regionOf(writerOf(item)) === region;
  await allHold(estate, survivors, 'control', copies.control.flat().filter(isTheirs));
  const data = copies.data.flat();
  const { books } = booksOf(region, data);
  const wishes = books.filter((each) => each.wished).map((each) => wishNothing(writer, each.sku, estate.now()));
  if (wishes.length > 0) estate.progress(`taking back what ${region} wished for: ${wishes.length} skus`);
  await place(estate.store(heir, 'data'), wishes);
  const awaited = [...data.filter((item) => isFactOf(item, region)), ...wishes];
  await allHold(estate, survivors, 'data', awaited.map(lasting));

  const plan = planReclaim(writer, heir, await scanEach(estate, survivors, 'data'), estate.now());
  estate.progress(`granting ${heir} what is left of ${plan.granted.length} skus`);
  for (const row of plan.rows) await close(estate, heir, row);
  await takeOver(estate, plan);
  return plan;
};

/** The incarnation that closes the books: the one that was begun, else the next. */
const closingWriter = ({ region, isLost, known }: Loss): Writer => {
  if (!isLost) throw new RecoveryRefused(`given ${region}, which is not lost; allowed: a region that is`);
  if (known.fenced && !known.closed)
    throw new RecoveryRefused(
      `given ${region}, whose rebuild as ${writerName({ region, incarnation: known.incarnation })} was begun and has not ended; run the rebuild again, and its stock is its own`,
    );
  return { region, incarnation: known.closed ? known.incarnation : known.incarnation + 1 };
};

/** The table forgets a wish only long after this run has ended. */
const lasting = (item: Item): Item => (wishOf(item) ? { ...item, [EXPIRES]: undefined } : item);

/** Waits until each survivor holds what any of them holds of these. */
const allHold = async (estate: Estate, survivors: readonly string[], table: TableName, items: readonly Item[]): Promise<void> => {
  if (survivors.length > 1) for (const survivor of survivors) await arrived(estate, survivor, table, items);
};

/** Bookings first where they are too many: the row alone says what is available. */
const close = async (estate: Estate, heir: string, { row, guard, bookings }: ClosedRow): Promise<void> => {
  const store = estate.store(heir, 'data');
  const first = bookings.length - (bookings.length % BOOKINGS_PER_WRITE);
  await place(store, bookings.slice(0, first));
  const last = bookings.slice(first).map((item): Write => ({ action: 'put', item, guards: [{ is: 'absent' }] }));
  const outcome = await store.transact([{ action: 'put', item: row, guards: [guard] }, ...last]);
  if (!outcome.ok)
    throw new Error(
      `somebody else writes ${row.pk} ${row.sk} in ${heir} at the same time; see that one operator does this, then run it again`,
    );
};

/** The heir's own rule, at once: it does the same by itself when it sees the row. */
const takeOver = async (estate: Estate, { heir, untaken }: ReclaimPlan): Promise<void> => {
  const store = estate.store(heir, 'data');
  const { incarnation } = foldControl(heir, await estate.store(heir, 'control').query(REGIONS_KEY));
  const writer = writerName({ region: heir, incarnation });
  const context = { store, clock: estate, hlc: new Hlc(), region: heir, writer, regions: estate.regions };
  for (const sku of untaken) await rebalanceStock(context, sku);
};
