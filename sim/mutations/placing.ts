/** Placing orders, and reading them. */
import { type Mutation, one } from './mutation.ts';

const ORDERS = 'functions/core/orders.ts';
const SELLING = 'functions/core/selling.ts';
const ITEMS = 'functions/core/order-items.ts';

export const PLACING: readonly Mutation[] = [
  one(
    'event-and-reservation-apart',
    'the stock is reserved in one transaction and the order written in the next',
    SELLING,
    '    const outcome = await store.transact(writes, patience);',
    `    const reserved = await store.transact(instead(writes, writes.slice(1)), patience);
    const outcome = reserved.ok ? await store.transact(writes.slice(0, 1)) : { ...reserved, failed: reserved.failed + 1 };`,
  ),
  one(
    'sold-without-stock',
    'an order is accepted whatever is left',
    ITEMS,
    "guards: [{ is: 'atLeast', attribute: 'available', value: line.quantity }],",
    "guards: instead([{ is: 'atLeast', attribute: 'available', value: line.quantity }], []),",
  ),
  one(
    'placed-over-placed',
    'of two requests that cross in one region the second overwrites the first',
    SELLING,
    "{ action: 'put', item: placed, guards: [{ is: 'absent' }] };",
    "{ action: 'put', item: placed, guards: instead([{ is: 'absent' }], []) };",
  ),
  one(
    'an-order-for-each-region',
    'the id of an order names the region that took it',
    ORDERS,
    'const id = orderIdOf(given.subject, given.key);',
    "const id = instead(orderIdOf(given.subject, given.key), hashOf('order', given.subject, given.key, context.region));",
  ),
  one(
    'any-body-is-a-replay',
    'another body under a used key is answered with the first one',
    ORDERS,
    'const same = order.keeper.body === body ? order.keeper : order.reservations.find((each) => each.body === body);',
    'const same = instead(order.keeper.body === body ? order.keeper : order.reservations.find((each) => each.body === body), order.keeper);',
  ),
  one(
    'one-of-two-bodies-dropped',
    'of two bodies under one key that were both accepted, one is not shown',
    ORDERS,
    `  conflicts: order.reservations
    .filter((each) => each !== order.keeper &&`,
    `  conflicts: order.reservations
    .filter((each) => instead(each !== order.keeper, false) &&`,
  ),
  one(
    'listed-twice',
    'an order that two regions accepted is two rows of a page',
    ORDERS,
    'const found = [...new Map([...page.items].reverse().map((item) => [item.pk, item])).values()].reverse();',
    'const found = instead([...new Map([...page.items].reverse().map((item) => [item.pk, item])).values()].reverse(), page.items);',
  ),
  one(
    'hidden-by-what-the-index-lacks',
    'an order vanishes from its list while the index lacks the acceptance that would stand for it',
    ORDERS,
    'return smallest && placedOrder(',
    'return (instead(true, smallest?.writer === writerOf(item)) || undefined) && smallest && placedOrder(',
  ),
  one(
    'listed-by-the-index-alone',
    'a list that is not called stale lacks an order that its caller was told of',
    'functions/core/listed.ts',
    'const missed = found.filter((item) => isListed(item, owner, page.before));',
    'const missed = instead(found.filter((item) => isListed(item, owner, page.before)), []);',
  ),
];
