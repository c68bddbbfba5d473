/** What it takes to hold what a token names, by kind of item: the item, unless its resource says more. */
import { showsReceipt } from './bookings.ts';
import { exists, type Holds } from './consistency.ts';
import type { Key } from './store.ts';

/** By the first parts of both keys, as in `STOCK RECEIPT`. */
const BY_KIND: ReadonlyMap<string, Holds> = new Map([
  ['STOCK RECEIPT', showsReceipt],
  ['STOCK BOOKED', showsReceipt],
]);

export const holds: Holds = (store, key) => (BY_KIND.get(kindOf(key)) ?? exists)(store, key);

const kindOf = ({ pk, sk }: Key): string => [pk, sk].map((part) => part.split('#', 1).join('')).join(' ');
