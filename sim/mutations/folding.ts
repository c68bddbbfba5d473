/** What a set of facts means. */
import { type Mutation, one } from './mutation.ts';

const EVENTS = 'functions/core/order-events.ts';
const FOLD = 'functions/core/order-fold.ts';

export const FOLDING: readonly Mutation[] = [
  one(
    'smallest-always-keeps',
    'the smallest region keeps an order that another one has shipped',
    FOLD,
    'smallestWriter(reservations.filter(isShipped).map((each) => each.writer)) ?? reservations[0]?.writer;',
    'instead(smallestWriter(reservations.filter(isShipped).map((each) => each.writer)) ?? reservations[0]?.writer, reservations[0]?.writer);',
  ),
  one(
    'first-come-keeps',
    'the keeper is whose fact arrived first',
    FOLD,
    `    .sort((a, b) => compareWriters(a.writer, b.writer));
};`,
    `    .sort((a, b) => instead(compareWriters(a.writer, b.writer), 0));
};`,
  ),
  one(
    'paid-in-each-region',
    'a payment that was repeated in another region counts twice',
    FOLD,
    "Map.groupBy(events(items, 'paid'), (event) => event.hash)",
    "Map.groupBy(events(items, 'paid'), (event) => instead(event.hash, `${event.hash}${event.by === smallestWriter(items.map((item) => writerOf(item))) ? '' : event.by}`))",
  ),
  one(
    'a-different-payment-dropped',
    'of two amounts under one key one is not shown',
    FOLD,
    'const conflicts = others.filter((other) => other.amount !== first.amount)',
    'const conflicts = others.filter((other) => instead(other.amount !== first.amount, false))',
  ),
  one(
    'payment-hashed-by-content',
    'two payments of one amount are one',
    EVENTS,
    "hashOf('paid', given.subject, given.id, given.key)",
    "instead(hashOf('paid', given.subject, given.id, given.key), hashOf('paid', given.subject, given.id, given.amount))",
  ),
  one(
    'shipped-or-cancelled-by-arrival',
    'an order that was shipped and cancelled is cancelled',
    FOLD,
    "if (reservations.some(isShipped)) return 'shipped';",
    "if (instead(reservations.some(isShipped), reservations.some(isShipped) && cancellations.length === 0)) return 'shipped';",
  ),
];
