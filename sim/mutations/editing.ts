/** Editing records, and what a set of versions means. */
import { type Mutation, one } from './mutation.ts';

const RECORDS = 'functions/core/records.ts';
const FOLD = 'functions/core/record-fold.ts';
const REFUSAL = 'const refusal = refusalOf(context, edit, parents, record);';

export const EDITING: readonly Mutation[] = [
  one(
    'an-edit-is-its-key',
    'a caller that uses a key for two edits is told that the second is done, and it is not',
    RECORDS,
    "hashOf('version', pk, parents, value, subject, ...(key === undefined ? [] : [key]))",
    "hashOf(...instead(['version', pk, parents, value, subject, key], ['version', pk, subject, key]))",
  ),
  one(
    'an-edit-is-its-content',
    "two callers' equal edits pass for one that was repeated: a claim has two winners",
    RECORDS,
    '...(key === undefined ? [] : [key]));',
    '...instead(key === undefined ? [] : [key], []));',
  ),
  one(
    'edited-whatever-is-there',
    'an edit of something else than the heads is accepted',
    RECORDS,
    REFUSAL,
    'const refusal = instead(refusalOf(context, edit, parents, record), undefined);',
  ),
  one(
    'created-over-what-is-there',
    'a record that is to be new replaces one that is there',
    RECORDS,
    REFUSAL,
    'const refusal = instead(refusalOf(context, edit, parents, record), parents.length === 0 ? undefined : refusalOf(context, edit, parents, record));',
  ),
  {
    name: 'made-from-what-is-there',
    defect: 'an edit names the heads that are there, and not those that its caller saw',
    file: RECORDS,
    edits: [
      { from: REFUSAL, to: 'const refusal = undefined;' },
      {
        from: '      parents,\n      value,\n      subject,\n      key,\n      hlc',
        to: '      parents: instead(parents, (record?.heads ?? []).map((each) => each.vid).sort()),\n      value,\n      subject,\n      key,\n      hlc',
      },
    ],
  },
  one(
    'edits-that-cross',
    'of two edits that cross in one region neither knows of the other',
    RECORDS,
    'set: { rev: n, vid }, guards: [guard] }',
    'set: { rev: n, vid }, guards: instead([guard], []) }',
  ),
  one(
    'version-and-count-apart',
    'a version is written in one transaction and counted in the next',
    RECORDS,
    `const outcome = await context.store.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }, advance(headKey, { vid, n, rev })]);`,
    `const outcome = await context.store.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }]);
    if (outcome.ok) await context.store.transact(instead([], [advance(headKey, { vid, n, rev })]));`,
  ),
  one(
    'one-count-for-all',
    'all regions count their edits in one row',
    RECORDS,
    'const headKey = { pk, sk: `HEAD#${context.writer}` };',
    "const headKey = { pk, sk: instead(`HEAD#${context.writer}`, 'HEAD#a') };",
  ),
  one(
    'an-edit-repeated-is-refused',
    'an edit whose answer was lost is refused when it is sent again',
    RECORDS,
    'if (known) return edited(id, { pk, sk: known.sk }, known, true);',
    'if (instead(known !== undefined, false) && known) return edited(id, { pk, sk: known.sk }, known, true);',
  ),
  one(
    'records-of-all-subjects',
    "two subjects' records of one id are one record",
    RECORDS,
    "hashOf('record', subject, id)",
    "instead(hashOf('record', subject, id), hashOf('record', id))",
  ),
  one(
    'stamps-not-read',
    'an edit where the clock is behind sorts before what it was made from',
    RECORDS,
    'context.hlc.observe(hlc, context.clock.now());',
    'context.hlc.observe(instead(hlc, String()), context.clock.now());',
  ),
  one(
    'conflicts-not-shown',
    'of several heads only the winner is shown',
    RECORDS,
    'conflicts: heads.filter((each) => each !== winner).map(versionAnswer),',
    'conflicts: instead(heads.filter((each) => each !== winner).map(versionAnswer), []),',
  ),
  one(
    'history-without-its-last-page',
    'the history ends before its last versions',
    RECORDS,
    'record.versions.slice(last + 1, last + 1 + limit);',
    'instead(record.versions.slice(last + 1, last + 1 + limit), record.versions.slice(last + 1, last + 1 + limit).slice(0, last < 0 ? limit : -1));',
  ),
  one(
    'winner-by-arrival',
    'the winner of a conflict is whose version arrived first',
    FOLD,
    '[...new Map(copies.map((version) => [version.vid, version])).values()].sort(newestFirst);',
    '[...new Map(copies.map((version) => [version.vid, version])).values()].sort((a, b) => instead(newestFirst(a, b), 0));',
  ),
  one(
    'a-version-of-each-region',
    'an edit that was repeated in another region is a conflict with itself',
    FOLD,
    'new Map(copies.map((version) => [version.vid, version]))',
    'new Map(copies.map((version) => [instead(version.vid, `${version.vid}${version.by}`), version]))',
  ),
  one(
    'as-the-last-copy-has-it',
    'an edit that was made again later is newer than what was made from it',
    FOLD,
    'compareWriters(b.by, a.by) : a.hlc < b.hlc ? 1 : -1);',
    'compareWriters(b.by, a.by) : instead(a.hlc < b.hlc, a.hlc > b.hlc) ? 1 : -1);',
  ),
  one(
    'no-head-without-its-parents',
    'a version whose parent was lost with a region is shown to nobody',
    FOLD,
    'const free = versions.filter(({ vid }) => !parents.has(vid) && !superseded.has(vid));',
    'const free = versions.filter(({ vid, parents: from }) => !parents.has(vid) && !superseded.has(vid) && instead(true, from.every((parent) => versions.some((each) => each.vid === parent))));',
  ),
  one(
    'a-head-until-its-child-comes',
    'a version is shown as a conflict of what superseded it, for as long as one between them has not arrived',
    FOLD,
    'n !== undefined && n <= (seen.get(by) ?? 0)',
    'instead(n !== undefined && n <= (seen.get(by) ?? 0), false)',
  ),
  one(
    'superseding-what-it-never-saw',
    'a version hides its conflict, because it counts it among what it superseded',
    RECORDS,
    'seen: Object.fromEntries(seen),',
    'seen: instead(Object.fromEntries(seen), Object.fromEntries(context.regions.map((each) => [each, n]))),',
  ),
  one(
    'versions-not-put-again',
    'survivors differ for ever in what they saw of the edits of a dead region',
    'functions/core/rebuild.ts',
    "'BOOKED', 'V', 'SECRET'].includes(",
    "'BOOKED', ...instead(['V'], []), 'SECRET'].includes(",
  ),
];
