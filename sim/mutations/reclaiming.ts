/** Giving the stock of a region that was lost to an heir. */
import { type Mutation, one } from './mutation.ts';

const RECLAIM = 'functions/core/reclaim.ts';
const REBUILD = 'functions/core/rebuild.ts';

export const RECLAIMING: readonly Mutation[] = [
  one(
    'reclaimed-with-what-is-sold',
    'the heir is given what orders of the dead hold',
    RECLAIM,
    'const units = Math.max(0, availableOf(books));',
    'const units = instead(Math.max(0, availableOf(books)), Math.max(0, availableOf({ ...books, sold: 0 })));',
  ),
  one(
    'reclaimed-without-cutting',
    'late items of the dead arrive after its books were closed',
    RECLAIM,
    'await estate.cut(region);',
    'for (const _ of instead([1], [])) await estate.cut(region);',
  ),
  one(
    'reclaimed-and-its-callers-left-to-it',
    'a region whose stock was given away goes on selling it, though its front door could be closed',
    RECLAIM,
    'await estate.closeDoor(region);',
    'for (const _ of instead([1], [])) await estate.closeDoor(region);',
  ),
  one(
    'reclaimed-and-forgotten',
    'a second reclaim grants only what is left, and not what was granted before on top',
    RECLAIM,
    '{ ...known, granted: known.granted + units }',
    '{ ...known, granted: instead(known.granted + units, units) }',
  ),
  one(
    'reclaimed-with-moves-open',
    'what others granted to the dead stays on its way for ever',
    RECLAIM,
    'credited: Math.max(move.credited, move.offered) })),',
    'credited: instead(Math.max(move.credited, move.offered), move.credited) })),',
  ),
  one(
    'reclaimed-without-bookings',
    'receipts that the dead had not booked are booked by nobody',
    RECLAIM,
    'const bookings = unbooked(writer, books, nowMs);',
    'const bookings = instead(unbooked(writer, books, nowMs), []);',
  ),
  one(
    'reclaimed-from-one-survivor',
    'the heir alone says what the dead had done',
    RECLAIM,
    'const { books, openOrders } = booksOf(writer.region, copies.flat());',
    'const { books, openOrders } = booksOf(writer.region, instead(copies.flat(), copies[0] ?? []));',
  ),
  one(
    'reclaimed-without-sharing',
    'what the dead had told one survivor only stays with it',
    RECLAIM,
    'const copies = await shareFacts(estate, loss, writer.incarnation);',
    `const copies = instead(true, false)
    ? await shareFacts(estate, loss, writer.incarnation)
    : { data: await scanEach(estate, survivors, 'data'), control: await scanEach(estate, survivors, 'control') };`,
  ),
  one(
    'reclaimed-and-not-taken-over',
    'the heir does not take over what it was granted',
    'functions/core/stock.ts',
    "return item[grantedTo(region)] !== before?.[grantedTo(region)] ? { kind: 'rebalance' } : undefined;",
    "return instead(item[grantedTo(region)] !== before?.[grantedTo(region)], false) ? { kind: 'rebalance' } : undefined;",
  ),
  one(
    'reclaimed-with-wishes',
    'a dead region goes on to be granted what it had wished for',
    RECLAIM,
    "await place(estate.store(heir, 'data'), wishes);",
    "for (const _ of instead([1], [])) await place(estate.store(heir, 'data'), wishes);",
  ),
  one(
    'rebuilt-without-what-was-reclaimed',
    'a rebuilt region sells what its heir was given',
    REBUILD,
    'const own = rows.filter((row) => row.region === lost);',
    'const own = rows.filter((row) => row.region === lost && instead(true, row.available !== 0 || row.granted.size === 0));',
  ),
];
