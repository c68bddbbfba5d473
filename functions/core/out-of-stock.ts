/**
 * Orders that a region cannot fill. A refusal writes nothing, but for a wish that the table forgets: what callers ask for in
 * vain costs others nothing, however often they ask.
 */
import { type Context, type Outcome, refused } from './context.ts';
import type { Line } from './order-fold.ts';
import { withinReach } from './sharing.ts';
import { foldHeld, type Held, stockKey } from './stock-fold.ts';
import { StoreUnavailable } from './store.ts';
import { withTills } from './tills.ts';
import { readWishes, roundedUp, wasSaid, wishItem } from './wishes.ts';

/**
 * Whether it is known, without a write, that a line is short. Only what was short a moment ago is looked at, and what is
 * there by now is sold.
 */
export const isKnownShort = async (context: Context, lines: readonly Line[]): Promise<boolean> => {
  const nowMs = context.clock.now();
  const doubtful = lines.filter(({ sku }) => context.shortages?.isFresh(sku, nowMs));
  const rows = await Promise.all(doubtful.map(({ sku }) => readHeld(context, sku)));
  return doubtful.some((line, index) => isShort(context, line, rows[index] ?? []) && !hasTills(context, rows[index] ?? []));
};

/** Units move between a row and its tills while both are looked at: that it has too little only a sale finds out. */
const hasTills = ({ region }: Context, held: readonly Held[]): boolean => held.some((each) => each.region === region && each.tills > 0);

/** Says what is short, and leaves word of it for the other regions' rebalancers where they can help. */
export const outOfStock = async (context: Context, lines: readonly Line[]): Promise<Outcome<never>> => {
  const stock = await Promise.all(lines.map(async (line) => ({ line, held: await readHeld(context, line.sku) })));
  const short = stock.filter(({ line, held }) => isShort(context, line, held));
  const nowMs = context.clock.now();
  for (const { line } of short) context.shortages?.seen(line.sku, nowMs);
  const names = short.map(({ line }) => line.sku).join(', ') || 'a sku that was just sold';
  const lacks = `region ${context.region} does not hold enough of ${names}`;
  // Where one line is more than there is, moving the others helps nobody.
  if (stock.some(({ line, held }) => withinReach(held) < line.quantity))
    return refused('out-of-stock', `${lacks}, and all regions together do not, as far as it knows`);
  await Promise.all(short.map(({ line }) => wish(context, line)));
  return refused('out-of-stock', `${lacks}; other regions are asked to hand over what they can spare`);
};

/** What the regions hold, with what lies at their tills. */
const readHeld = async ({ store }: Context, sku: string): Promise<readonly Held[]> =>
  withTills(store, sku, foldHeld(await store.query(stockKey(sku), 'HELD#')));

const isShort = ({ region }: Context, { quantity }: Line, held: readonly Held[]): boolean =>
  (held.find((each) => each.region === region)?.available ?? 0) < quantity;

/** A wish that the table does not take fails no refusal: whoever is refused next leaves it again. */
const wish = async (context: Context, { sku, quantity }: Line): Promise<void> => {
  const nowMs = context.clock.now();
  const units = roundedUp(quantity);
  try {
    if (wasSaid(await readWishes(context, sku), context.writer, units, nowMs)) return;
    await context.store.transact([{ action: 'put', item: wishItem(sku, context.writer, units, nowMs), guards: [{ is: 'absent' }] }]);
  } catch (error: unknown) {
    if (!(error instanceof StoreUnavailable)) throw error;
  }
};
