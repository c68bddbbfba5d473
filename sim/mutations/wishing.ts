/** What refused orders ask of others, and what these keep. */
import { type Mutation, one } from './mutation.ts';

const SHARING = 'functions/core/sharing.ts';

export const WISHING: readonly Mutation[] = [
  one(
    'wishes-without-a-cap',
    'a region wishes for more than all regions hold, and draws everything to where nobody can sell it',
    'functions/core/out-of-stock.ts',
    'if (stock.some(({ line, held }) => withinReach(held) < line.quantity))',
    'if (instead(stock.some(({ line, held }) => withinReach(held) < line.quantity), false))',
  ),
  one(
    'wishes-that-never-end',
    'what somebody was refused once is handed over for ever',
    'functions/core/wishes.ts',
    'wish.slot * SLOT_MS > nowMs - WISH_MS',
    'instead(wish.slot * SLOT_MS > nowMs - WISH_MS, true)',
  ),
  one(
    'givers-keep-no-share',
    'a refused order takes all that another region has',
    SHARING,
    'const kept = Math.max(share, lately);',
    'const kept = instead(Math.max(share, lately), lately);',
  ),
  one(
    'givers-forget-what-they-sell',
    'a region hands over what its own callers are buying',
    SHARING,
    'const lately = soldLately(own, nowMs);',
    'const lately = instead(soldLately(own, nowMs), 0);',
  ),
  one(
    'granted-by-an-old-row',
    'what was sold while a giver made up its mind is not made up for',
    'functions/core/stock.ts',
    "{ is: 'atLeast', attribute: 'available', value: units + kept },",
    "{ is: 'atLeast', attribute: 'available', value: instead(units + kept, units) },",
  ),
];
