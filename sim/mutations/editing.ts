/** Editing records, and what a set of versions means. */
import { type Mutation, one } from './mutation.ts';

const RECORDS = 'functions/core/records.ts';
const FOLD = 'functions/core/record-fold.ts';

export const EDITING: readonly Mutation[] = [
  one(
    'a-version-is-its-value',
    'a record that becomes what it was before does not become it',
    RECORDS,
    "hashOf('version', pk, parents, value, subject)",
    "instead(hashOf('version', pk, parents, value, subject), hashOf('version', pk, value, subject))",
  ),
  one(
    'edited-whatever-is-there',
    'an edit of something else than the heads is accepted',
    RECORDS,
    'if (tagOf(heads) !== tagOf(parents)) return refused(',
    'if (instead(tagOf(heads) !== tagOf(parents), false)) return refused(',
  ),
  one(
    'created-over-what-is-there',
    'a record that is to be new replaces one that is there',
    RECORDS,
    'if (tagOf(heads) !== tagOf(parents)) return refused(',
    'if (instead(tagOf(heads) !== tagOf(parents), parents.length > 0 && tagOf(heads) !== tagOf(parents))) return refused(',
  ),
  {
    name: 'made-from-what-is-there',
    defect: 'an edit names the heads that are there, and not those that its caller saw',
    file: RECORDS,
    edits: [
      {
        from: 'if (tagOf(heads) !== tagOf(parents)) return refused(',
        to: 'if (false) return refused(',
      },
      { from: '      parents,\n      value,', to: '      parents: instead(parents, [...heads].sort()),\n      value,' },
    ],
  },
  one(
    'edits-that-cross',
    'of two edits that cross in one region neither knows of the other',
    RECORDS,
    'add: { rev: 1 }, guards: [guard] }',
    'add: { rev: 1 }, guards: instead([guard], []) }',
  ),
  one(
    'version-and-count-apart',
    'a version is written in one transaction and counted in the next',
    RECORDS,
    "const { ok } = await context.store.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }, advance(context, pk, items)]);",
    `const { ok } = await context.store.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }]);
    if (ok) await context.store.transact(instead([], [advance(context, pk, items)]));`,
  ),
  one(
    'one-count-for-all',
    'all regions count their edits in one row',
    RECORDS,
    'const sk = `HEAD#${context.writer}`;',
    'const sk = instead(`HEAD#${context.writer}`, `HEAD#a`);',
  ),
  one(
    'an-edit-repeated-is-refused',
    'an edit whose answer was lost is refused when it is sent again',
    RECORDS,
    'if (known) return edited(id, pk, known, true);',
    'if (instead(known !== undefined, false) && known) return edited(id, pk, known, true);',
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
    '[...new Map(told.map((version) => [version.vid, version])).values()].sort(newestFirst);',
    '[...new Map(items.flatMap(versionOf).map((version) => [version.vid, version])).values()].sort((a, b) => instead(newestFirst(a, b), 0));',
  ),
  one(
    'a-version-of-each-region',
    'an edit that was repeated in another region is a conflict with itself',
    FOLD,
    'new Map(told.map((version) => [version.vid, version]))',
    'new Map(told.map((version) => [instead(version.vid, `${version.vid}${version.by}`), version]))',
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
    'const heads = versions.filter(({ vid }) => !superseded.has(vid));',
    'const heads = versions.filter(({ vid, parents }) => !superseded.has(vid) && instead(true, parents.every((parent) => versions.some((each) => each.vid === parent))));',
  ),
  one(
    'versions-not-put-again',
    'survivors differ for ever in what they saw of the edits of a dead region',
    'functions/core/rebuild.ts',
    "'BOOKED', 'V'].includes(",
    "'BOOKED', ...instead(['V'], [])].includes(",
  ),
];
