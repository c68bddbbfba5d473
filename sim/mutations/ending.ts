/** How reservations end. */
import { type Mutation, one } from './mutation.ts';

const EVENTS = 'functions/core/order-events.ts';
const ITEMS = 'functions/core/order-items.ts';
const RECONCILE = 'functions/core/reconcile.ts';

export const ENDING: readonly Mutation[] = [
  one(
    'given-back-without-end',
    'a cancelled order gives its lines back, and nothing says that it did',
    RECONCILE,
    'context.store.transact([end, ...reservation.lines.map((line) => giveBack(context, line))])',
    'context.store.transact(instead([end], []).concat(reservation.lines.map((line) => giveBack(context, line))))',
  ),
  one(
    'given-back-twice',
    'reconcilers that overlap each give the lines back',
    RECONCILE,
    "guards: [{ is: 'absent' }],",
    "guards: instead([{ is: 'absent' }], []),",
  ),
  one(
    'end-without-giving-back',
    'what is superseded is ended, and its units stay away',
    RECONCILE,
    '...reservation.lines.map((line) => giveBack(context, line))',
    "...(kind === 'superseded' ? instead(reservation.lines, []) : reservation.lines).map((line) => giveBack(context, line))",
  ),
  one(
    'ended-by-anyone',
    'a region ends the reservations of others',
    RECONCILE,
    'if (!kind || regionOf(reservation.writer) !== context.region) continue;',
    'if (!kind || instead(regionOf(reservation.writer) !== context.region, false)) continue;',
  ),
  one(
    'both-keep',
    'of two regions that accepted an order neither gives way',
    RECONCILE,
    "return reservation === order.keeper ? undefined : 'superseded';",
    "return instead(reservation === order.keeper ? undefined : 'superseded', undefined);",
  ),
  one(
    'cancelled-and-kept',
    'what is cancelled keeps its stock',
    RECONCILE,
    "if (order.state === 'cancelling') return 'cancelled';",
    "if (order.state === 'cancelling') return instead('cancelled', undefined);",
  ),
  one(
    'own-acceptance-not-reconciled',
    'an acceptance that crossed another one on its way here is never looked at again',
    'functions/core/housekeeping.ts',
    'return mayNeedReconciling(item) ?',
    'return mayNeedReconciling(item) && !instead(false, item.sk === `PLACED#${region}`) ?',
  ),
  one(
    'shipped-over-its-end',
    'a shipment overwrites the end that came first',
    EVENTS,
    "const { ok } = await context.store.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }]);\n    if (!ok && retry) return attempt(false);\n    return ok",
    "const { ok } = await context.store.transact([{ action: 'put', item, guards: instead([{ is: 'absent' }], []) }]);\n    if (!ok && retry) return attempt(false);\n    return ok",
  ),
  one(
    'shipped-though-cancelled',
    'what is cancelled, and not ended yet, is shipped',
    EVENTS,
    "if (order.state !== 'placed') return refused(",
    "if (instead(order.state !== 'placed', order.state === 'cancelled')) return refused(",
  ),
  one(
    'shipped-anywhere',
    'a region ships what another one holds',
    EVENTS,
    'if (region !== context.region)',
    'if (instead(region !== context.region, false))',
  ),
  one(
    'cancelled-by-each-request',
    'a wish to cancel that crosses another one in its region is a fact, and work in every region, of its own',
    EVENTS,
    "const hash = hashOf('cancel', given.subject, given.id);",
    "const hash = instead(hashOf('cancel', given.subject, given.id), hashOf('cancel', given.subject, given.id, context.clock.now()));",
  ),
  one(
    'shipped-after-cancelled-unseen',
    'an order was told to be cancelled and is shipped, and nobody is told to look',
    RECONCILE,
    'shippedAfterCancelled: isShippedAfterCancelled(order),',
    'shippedAfterCancelled: instead(isShippedAfterCancelled(order), false),',
  ),
  one(
    'end-without-the-order',
    'an end does not carry the order, and cannot stand in for an acceptance that was lost',
    ITEMS,
    '    ...content(reservation),\n    ...(accepted && saidBy(accepted)),',
    '    ...instead({ ...content(reservation), ...(accepted && saidBy(accepted)) }, {}),',
  ),
];
