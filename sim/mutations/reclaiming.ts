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
    'rebuilt-without-what-was-reclaimed',
    'a rebuilt region sells what its heir was given',
    REBUILD,
    'const own = rows.filter((row) => row.region === lost);',
    'const own = rows.filter((row) => row.region === lost && instead(true, row.available !== 0 || row.granted.size === 0));',
  ),
];
