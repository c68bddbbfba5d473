/** Selling at tills what many want at once. */
import { type Mutation, one } from './mutation.ts';

const SELLING = 'functions/core/selling.ts';
const TILLS = 'functions/core/tills.ts';

export const CROWDING: readonly Mutation[] = [
  one(
    'a-till-is-not-counted',
    'what lies at tills is shown as sold',
    TILLS,
    'return { ...row, available: row.available + units, sold: row.sold - units };',
    'return instead({ ...row, available: row.available + units, sold: row.sold - units }, row);',
  ),
  one(
    'drawn-without-guard',
    'a till draws what the row does not have any more',
    SELLING,
    "set: { tills: TILLS, drawnAt: clock.now() },\n      guards: [{ is: 'atLeast', attribute: 'available', value: units }],",
    "set: { tills: TILLS, drawnAt: clock.now() },\n      guards: instead([{ is: 'atLeast', attribute: 'available', value: units }], []),",
  ),
  one(
    'drawn-and-not-taken',
    'the order that draws to a till leaves its own units there too',
    SELLING,
    'add: { available: units - quantity, rev: 1 } },',
    'add: { available: instead(units - quantity, units), rev: 1 } },',
  ),
  one(
    'drawn-from-nowhere',
    'what is drawn to a till stays in the row',
    SELLING,
    'add: { available: -units, sold: units, rev: 1 },',
    'add: { available: -instead(units, quantity), sold: instead(units, quantity), rev: 1 },',
  ),
  one(
    'sold-at-an-empty-till',
    'orders that cross take more from a till than it has',
    SELLING,
    "  guards: [{ is: 'atLeast', attribute: 'available', value: units }],\n});",
    "  guards: instead([{ is: 'atLeast', attribute: 'available', value: units }], []),\n});",
  ),
  one(
    'refused-while-tills-have-enough',
    'an order is refused as soon as the row is short',
    SELLING,
    'return enough === undefined ? gathered(context, line, available, tills) : atTill(context, line, enough);',
    'return instead(enough === undefined ? gathered(context, line, available, tills) : atTill(context, line, enough), undefined);',
  ),
  one(
    'refused-while-all-tills-have-enough',
    'an order is refused where no single till has enough for it',
    SELLING,
    'missing -= part;\n  }\n  return sale;',
    'missing -= part;\n  }\n  return instead(sale, undefined);',
  ),
  one(
    'folded-and-kept',
    'what is folded back into the row can be sold at the till too',
    TILLS,
    "add: { available: -units, rev: 1 }, guards: [{ is: 'atLeast'",
    "add: { available: -instead(units, 0), rev: 1 }, guards: [{ is: 'atLeast'",
  ),
  one(
    'folded-over-sales',
    'what an order took from a till meanwhile is folded back all the same',
    TILLS,
    "guards: [{ is: 'atLeast', attribute: 'available', value: units }] },",
    "guards: instead([{ is: 'atLeast', attribute: 'available', value: units }], []) },",
  ),
  one(
    'folded-and-still-sold',
    'what is folded back is available, and sold',
    TILLS,
    'add: { available: units, sold: -units, rev: 1 } },',
    'add: { available: units, sold: -instead(units, 0), rev: 1 } },',
  ),
];
