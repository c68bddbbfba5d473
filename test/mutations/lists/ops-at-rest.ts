/** What must hold on the tables of all regions once they have healed. */
import { mutationsOf } from '../mutation.ts';

const one = mutationsOf('ops/drill/invariants.ts', 'test/ops/drill/rules-at-rest.test.ts');
const told = mutationsOf('ops/drill/invariants.ts', 'test/ops/drill/invariants.test.ts');

export const AT_REST = [
  one(
    'stock-partitions-alone',
    'an order of stock whose rows are all gone is fine',
    "...[...reserved.keys()].map((key) => key.split(' ')[1] ?? '')",
    '',
  ),
  one(
    'a-receipt-booked-by-two',
    'a receipt booked by two regions is fine',
    'if (booked.length === 1 && (named',
    'if (booked.length >= 1 && (named',
  ),
  one(
    'bookings-without-receipts',
    'what is booked twice is fine once its receipt is lost',
    '[...receipts, ...bookings].map(({ hash }) => hash)',
    'receipts.map(({ hash }) => hash)',
  ),
  one(
    'booked-by-another-region',
    'a receipt may be booked by a region that it does not name',
    'regionOfName(each.by) === region && each.quantity === quantity',
    'each.quantity === quantity',
  ),
  one(
    'booked-with-another-quantity',
    'a receipt may be booked with another quantity',
    'regionOfName(each.by) === region && each.quantity === quantity',
    'regionOfName(each.by) === region',
  ),
  one('a-lost-receipt-is-broken', 'a booking whose receipt is lost is called broken', ' || recorded.length === 0)', ')'),
  one(
    'sold-to-nobody',
    'a row may count more as sold than orders hold',
    '...(sold === reserved + atTills',
    '...(sold >= reserved + atTills',
  ),
  one(
    'sold-for-nothing',
    'an order may hold what no row counts as sold',
    '...(sold === reserved + atTills',
    '...(sold <= reserved + atTills',
  ),
  one(
    'ended-orders-hold-stock',
    'what was given back counts as sold',
    "if (ends.length > 0 && !ends.some(({ kind }) => kind === 'shipped')) continue;",
    '',
  ),
  one(
    'shipped-orders-hold-none',
    'what left the house counts as given back',
    "if (ends.length > 0 && !ends.some(({ kind }) => kind === 'shipped')) continue;",
    'if (ends.length > 0) continue;',
  ),
  one(
    'units-from-nowhere',
    'a row may have more than was booked',
    'available + sold + given - taken === booked',
    'available + sold + given - taken >= booked',
  ),
  one(
    'units-gone',
    'a row may have less than was booked',
    'available + sold + given - taken === booked',
    'available + sold + given - taken <= booked',
  ),
  one('given-units-do-not-count', 'what was granted is called gone', 'available + sold + given - taken', 'available + sold - taken'),
  one(
    'bookings-of-all-regions',
    'what another region booked counts here',
    'bookings.filter(({ by }) => regionOfName(by) === region)',
    'bookings',
  ),
  one(
    'the-last-unit-is-oversold',
    'a row that has sold all it had is called oversold',
    '...(available >= 0 ? []',
    '...(available > 0 ? []',
  ),
  one('below-zero-is-fine', 'a row may have sold what it never had', '...(available >= 0 ? []', '...(available >= -9 ? []'),
  one('grants-need-not-arrive', 'units that were granted may be lost on the way', 'return taken === units', 'return taken <= units'),
  one(
    'credits-need-no-grant',
    'units may be credited that nobody granted',
    '...[...rows].flatMap(([name, { credited }]) => (credited.has(giver) ? [name] : []))',
    '',
  ),
  one(
    'the-first-region-stands-for-all',
    'what one region lacks is fine',
    'if (new Set(said.map(({ text }) => text)).size === 1) return [];',
    'if (said.length > 0) return [];',
  ),
  one(
    'what-the-first-lacks',
    'what the first region lacks is fine',
    'views.flatMap(({ byKey }) => [...byKey.keys()])',
    'views.slice(0, 1).flatMap(({ byKey }) => [...byKey.keys()])',
  ),
  one(
    'orders-are-not-asked-for',
    'regions agree on an order that is not at rest',
    '  ...replicas.slice(0, 1).flatMap(({ items }) => orderRules(readFacts(items))),\n',
    '',
  ),
  told(
    'parents-may-be-gone',
    'what an edit was made from may be gone',
    '.filter((parent) => !known.has(String(parent)))',
    '.filter(() => false)',
  ),
  told('canaries-count', 'what expires by itself is called a difference', ' && !synthetic.has(pk)', ''),
  told('heartbeats-count', 'a heartbeat on its way is called a difference', '/^(ORDER|STOCK|TILL|RECORD)#/.test(pk) && ', ''),
  told('reput-facts-differ', 'a fact that was put again is called another', '({ reput: _, ...item })', '(item)'),
];
