/** Rebuilding a region that was lost for good. */
import { type Mutation, one } from './mutation.ts';

const REBUILD = 'functions/core/rebuild.ts';
const RECOVERY = 'functions/core/recovery.ts';

export const REBUILDING: readonly Mutation[] = [
  one(
    'rebuilt-and-its-callers-left-to-it',
    'a region that was given up goes on acknowledging, though its front door could be closed',
    RECOVERY,
    'await estate.closeDoor(region);',
    'for (const _ of instead([1], [])) await estate.closeDoor(region);',
  ),
  one(
    'rebuilt-without-cutting',
    'late items of the dead region arrive after the rebuild',
    RECOVERY,
    'await estate.cut(region);',
    'for (const _ of instead([1], [])) await estate.cut(region);',
  ),
  one(
    'rebuilt-from-one-survivor',
    'what only another survivor had seen is not counted',
    RECOVERY,
    'planRebuild(parseWriter(writer), copies.data, estate.now())',
    'planRebuild(parseWriter(writer), instead(copies.data, copies.data.slice(0, 1)), estate.now())',
  ),
  one(
    'facts-not-put-again',
    'survivors differ for ever in what they saw of the dead region',
    RECOVERY,
    "await place(estate.store(survivor, 'data'), facts);",
    "await place(estate.store(survivor, 'data'), instead(facts, []));",
  ),
  one(
    'ended-and-never-listed',
    'an order of which only an end outlived its region is in no list of its owner',
    RECOVERY,
    "await putMissing(estate.store(heir, 'data'), standIns(region, copies.data.flat()));",
    "await putMissing(estate.store(heir, 'data'), instead(standIns(region, copies.data.flat()), []));",
  ),
  one(
    'under-the-old-name',
    'a rebuilt region writes under the name of the dead one',
    RECOVERY,
    'isLost && (!known.fenced || known.closed) ? known.incarnation + 1 : known.incarnation',
    'instead(isLost && (!known.fenced || known.closed) ? known.incarnation + 1 : known.incarnation, 1)',
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
    RECOVERY,
    '  const plan = planRebuild(',
    '  for (const _ of instead([], [1])) await serve();\n  const plan = planRebuild(',
  ),
  one(
    'second-run-starts-over',
    'a rebuild that is run again empties the region that serves already',
    RECOVERY,
    'if (!isLost) return serve();',
    'if (instead(!isLost, false)) return serve();',
  ),
  one(
    'second-run-goes-on-in-the-old-place',
    'a rebuild that is run again merges over what the run before had merged',
    'sim/operators.ts',
    'else old.lose();',
    'else if (instead(old.incarnation < incarnation, true) && old.incarnation === incarnation) return; else old.lose();',
  ),
];
