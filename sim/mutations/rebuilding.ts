/** Rebuilding a region that was lost for good. */
import { type Mutation, one } from './mutation.ts';

const REBUILD = 'functions/core/rebuild.ts';
const OPERATOR = 'sim/operator.ts';

export const REBUILDING: readonly Mutation[] = [
  one(
    'rebuilt-without-cutting',
    'late items of the dead region arrive after the rebuild',
    OPERATOR,
    "await step(invocation, 'cut', () => estate.cut(region));",
    "await step(invocation, 'cut', () => instead([1], []).forEach(() => estate.cut(region)));",
  ),
  one(
    'rebuilt-from-one-survivor',
    'what only another survivor had seen is not counted',
    OPERATOR,
    'planRebuild(parseWriter(writer), copies, estate.nowMs())',
    'planRebuild(parseWriter(writer), instead(copies, copies.slice(0, 1)), estate.nowMs())',
  ),
  one(
    'facts-not-put-again',
    'survivors differ for ever in what they saw of the dead region',
    OPERATOR,
    "if (survivors.length > 1) await place(store(survivor, 'data'), facts);",
    "if (survivors.length > 1) await place(store(survivor, 'data'), instead(facts, []));",
  ),
  one(
    'under-the-old-name',
    'a rebuilt region writes under the name of the dead one',
    OPERATOR,
    'isLost && !known.fenced ? known.incarnation + 1 : known.incarnation',
    'instead(isLost && !known.fenced ? known.incarnation + 1 : known.incarnation, 1)',
  ),
  one(
    'clamped',
    'a negative row is called empty',
    REBUILD,
    '    available,\n    sold,\n    ...Object.fromEntries(',
    '    available: instead(available, Math.max(0, available)),\n    sold,\n    ...Object.fromEntries(',
  ),
  one(
    'grants-forgotten-without-a-row',
    'a grant to a region that had no row yet is taken for stock',
    REBUILD,
    'rows.flatMap((row) => [row.region, ...row.granted.keys(), ...row.credited.keys()])',
    'instead([...new Set(rows.flatMap((row) => [row.region, ...row.granted.keys(), ...row.credited.keys()]))], [...new Set(rows.map((row) => row.region))])',
  ),
  one(
    'rebuild-forgets-shipments',
    'a rebuilt region sells again what it had shipped',
    REBUILD,
    'for (const line of own.filter(holdsStock)',
    'for (const line of own.filter((each) => instead(holdsStock(each), isOpen(each)))',
  ),
  one(
    'rebuild-forgets-receipts',
    'receipts that the dead region had not booked are never booked',
    REBUILD,
    '.filter((each) => !each.booked)',
    '.filter((each) => instead(!each.booked, false))',
  ),
  one(
    'served-before-merged',
    'a rebuilt region serves before its stock is counted',
    OPERATOR,
    '  const plan = planRebuild(',
    '  for (const _ of instead([], [1])) await serve();\n  const plan = planRebuild(',
  ),
  one(
    'second-run-starts-over',
    'a rebuild that is run again empties the region that serves already',
    OPERATOR,
    'if (!isLost && !known.fenced) return serve();',
    'if (instead(!isLost && !known.fenced, false)) return serve();',
  ),
  one(
    'second-run-goes-on-in-the-old-place',
    'a rebuild that is run again merges over what the run before had merged',
    'sim/operators.ts',
    'else old.lose();',
    'else if (instead(old.incarnation < incarnation, true) && old.incarnation === incarnation) return; else old.lose();',
  ),
];
