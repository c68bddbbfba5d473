/** Receiving, selling and moving stock. */
import { type Mutation, one } from './mutation.ts';

const BOOKINGS = 'functions/core/bookings.ts';
const STOCK = 'functions/core/stock.ts';

export const STOCKING: readonly Mutation[] = [
  one(
    'receipts-without-a-booking-region',
    'whoever records a receipt books it',
    STOCK,
    'given.region === context.region\n      ?',
    'instead(given.region === context.region, true)\n      ?',
  ),
  one(
    'receipt-and-booking-apart',
    'a receipt is recorded in one transaction and booked in the next',
    STOCK,
    '? await bookUnits(context, { sku: given.sku, hash, quantity: given.quantity }, [record])',
    `? instead(false, true) &&
        (await context.store.transact([record])).ok &&
        (await bookUnits(context, { sku: given.sku, hash, quantity: given.quantity }))`,
  ),
  one(
    'booked-over-booked',
    'bookings that overlap each count',
    BOOKINGS,
    "{ action: 'put', item: booking, guards: [{ is: 'absent' }] },",
    "{ action: 'put', item: booking, guards: instead([{ is: 'absent' }], []) },",
  ),
  one(
    'booked-by-each-incarnation',
    'a rebuilt region books again what it booked under its name before',
    STOCK,
    'booked.length > 0) return false;',
    'instead(booked.length > 0, false)) return false;',
  ),
  one(
    'booking-does-not-stand-in',
    'a receipt whose record was lost is received again',
    STOCK,
    'const known = receipts.length > 0 ? receipts : await bookingsOf(context, given.sku, hash);',
    'const known = instead(receipts.length > 0 ? receipts : await bookingsOf(context, given.sku, hash), receipts);',
  ),
  one(
    'credit-without-compare-and-set',
    'rebalancers that overlap each take a grant over',
    STOCK,
    '        guards: [guard],\n',
    '        guards: instead([guard], []),\n',
  ),
  one(
    'credit-lost-and-left',
    'a rebalancer that lost to one that had seen less leaves the rest on the way',
    STOCK,
    'own = outcome.item ? heldOf(outcome.item) : emptyHeld(sku, context.writer);',
    'if (instead(false, true)) return own;',
  ),
  one(
    'grant-without-guard',
    'a region hands over what it does not have any more',
    STOCK,
    "{ is: 'atLeast', attribute: 'available', value: units + kept },",
    "...instead([{ is: 'atLeast', attribute: 'available', value: units + kept }] as Guard[], []),",
  ),
  one(
    'grant-without-compare-and-set',
    'of two grants that overlap one is forgotten',
    STOCK,
    "seen === undefined ? { is: 'missing', attribute } : { is: 'equals', attribute, value: seen },",
    "...instead([seen === undefined ? { is: 'missing', attribute } : { is: 'equals', attribute, value: seen }] as Guard[], []),",
  ),
  one(
    'grants-that-do-not-add-up',
    'a grant is the last number, not the sum of all',
    STOCK,
    'set: { [attribute]: granted },',
    'set: { [attribute]: instead(granted, units) },',
  ),
  one(
    'granted-and-kept',
    'units that were handed over stay here too',
    STOCK,
    'add: { available: -units, rev: 1 },',
    'add: { available: instead(-units, 0), rev: 1 },',
  ),
  one(
    'one-row-for-all',
    'all regions sell from one row',
    'functions/core/stock-fold.ts',
    'sk: `HELD#${writer}` });',
    'sk: instead(`HELD#${writer}`, `HELD#a`) });',
  ),
  one(
    'shown-by-the-receipt',
    'stock counts as current as soon as the receipt is there, booked or not',
    'functions/core/holdings.ts',
    '(BY_KIND.get(kindOf(key)) ?? exists)(store, key)',
    'instead(BY_KIND.get(kindOf(key)) ?? exists, exists)(store, key)',
  ),
  one(
    'shown-by-the-booking',
    'stock counts as current though the row that callers read has not arrived',
    BOOKINGS,
    'return booked.some((each) => isInRow(each, held));',
    'return instead(booked.some((each) => isInRow(each, held)), true);',
  ),
  one(
    'any-row-will-do',
    'a row from before a booking counts as one that has it',
    BOOKINGS,
    "return (row.bookings ?? 0) >= (numberOf(booked, 'n') ?? 0);",
    "return instead((row.bookings ?? 0) >= (numberOf(booked, 'n') ?? 0), true);",
  ),
  one(
    'two-bookings-of-one-number',
    'of two bookings that overlap the second has the number of the first, and is taken for being in its row',
    BOOKINGS,
    "guards: [{ is: 'equals', attribute, value: seen }] };",
    "guards: instead([{ is: 'equals', attribute, value: seen }] as Guard[], []) };",
  ),
];
