/** Records at rest: every version is a head or was built upon, and every region shows the same. */
import type { Context } from '../functions/core/context.ts';
import { canonical } from '../functions/core/hash.ts';
import { foldRecord } from '../functions/core/record-fold.ts';
import { getHistory } from '../functions/core/records.ts';
import type { Cell } from './cell.ts';
import { type Facts, headsOf, latestFirst, type RecordFacts, type VersionFacts } from './facts.ts';
import type { Healed, Violation } from './invariants.ts';
import { memberOf } from './ledger.ts';
import { perform, recordOf } from './requests.ts';

/** Versions of a page of the history; few, so that it has pages. */
const PAGE = 3;
const PAGES_MAX = 100;
/** Stamps that are further ahead than this are not believed: hlc.ts. */
const SKEW_MS_MAX = 59_000;

export const recordViolations = (facts: Facts, healed: Healed): readonly Violation[] =>
  [...facts.records.values()].flatMap((record) => [
    ...copies(record),
    ...lines(record, healed),
    ...reached(record, healed),
    ...stamps(record, healed),
  ]);

/** An edit that was made in two regions is the same in both, and of the record's subject. */
const copies = ({ pk, copies: all, versions }: RecordFacts): readonly Violation[] =>
  all.flatMap((copy) => {
    const [text, first] = [copy, versions.get(copy.vid)].map((each) =>
      JSON.stringify([each?.parents, each?.value, each?.subject, each?.key]),
    );
    const rule = 'a version is one edit';
    if (text !== first) return [{ rule, detail: `version ${copy.vid} of ${pk}: ${text} by ${copy.by}, and ${first}` }];
    if (copy.subject !== recordOf(pk).subject)
      return [{ rule, detail: `${pk} of ${recordOf(pk).subject} holds an edit of ${copy.subject}` }];
    return [];
  });

/** Of two edits of one region the later was made from the earlier, or from what was made from it. */
const lines = ({ pk, copies: all }: RecordFacts, { happened }: Healed): readonly Violation[] =>
  [...Map.groupBy(all, ({ by }) => by)].flatMap(([by, own]) => {
    const before = new Map(own.map(({ vid }) => [vid, happened.ancestors(vid)]));
    return own.flatMap(({ vid }, index) =>
      own.slice(index + 1).flatMap((other) => {
        if (before.get(vid)?.has(other.vid) || before.get(other.vid)?.has(vid)) return [];
        const detail = `${pk}: of ${vid} and ${other.vid}, both by ${by}, neither was made from the other`;
        return [{ rule: 'the edits of a region follow each other', detail }];
      }),
    );
  });

/** Every version is a head, or an ancestor of one. */
const reached = (record: RecordFacts, { happened }: Healed): readonly Violation[] => {
  const found = new Set(headsOf(record).flatMap(({ vid }) => [vid, ...happened.ancestors(vid)]));
  return [...record.versions.keys()].flatMap((vid) =>
    found.has(vid) ? [] : [{ rule: 'an edit is a head or an ancestor of one', detail: `${record.pk}: version ${vid} is neither` }],
  );
};

/** A version sorts after what it was made from, however wrong the clocks are. */
const stamps = ({ pk, versions }: RecordFacts, { skewMs, happened }: Healed): readonly Violation[] =>
  skewMs > SKEW_MS_MAX
    ? []
    : [...versions.values()].flatMap(({ vid, hlc, parents }) =>
        parents.flatMap((parent) => {
          const made = happened.stampOf(parent);
          return made < hlc
            ? []
            : [{ rule: 'an edit is later than what it was made from', detail: `${pk}: ${vid} at ${hlc}, ${parent} at ${made}` }];
        }),
      );

/** The record and its history as one region shows them, and as they would be had they arrived in the opposite order, and twice. */
export const recordView = async (cell: Cell, context: Context, record: RecordFacts): Promise<readonly Violation[]> => {
  const name = recordOf(record.pk);
  const heads = headsOf(record);
  const [winner, ...others] = heads;
  const wanted = canonical({
    id: name.id,
    ...(winner && shown(winner)),
    conflicts: others.map(shown),
    incomplete: [...record.versions.values()].some(({ parents }) => parents.some((vid) => !record.versions.has(vid))),
    tag: heads
      .map(({ vid }) => vid)
      .sort()
      .join('.'),
    history: latestFirst([...record.versions.values()]).map((each) => ({
      ...shown(each),
      parents: each.parents,
      head: heads.includes(each),
    })),
  });
  const read = await perform(context, { kind: 'record', record: name });
  const value = read.kind === 'done' ? read.value : undefined;
  const seen = canonical({
    id: memberOf(value, 'id'),
    ...told(value),
    conflicts: listOf(value, 'conflicts').map(told),
    incomplete: memberOf(value, 'incomplete') === true,
    tag: read.kind === 'done' ? read.tag : undefined,
    history: await historyOf(context, name),
  });
  const wrong = (rule: string, detail: string): readonly Violation[] => [
    { rule, detail: `${name.subject}'s record ${name.id} in ${cell.name}: ${detail}` },
  ];
  if (seen !== wanted) return wrong('a record shows what its versions say', `reads ${seen}, should read ${wanted}`);
  const items = cell.replica('data').query(record.pk);
  const [forth, back] = [items, [...items, ...items].reverse()].map((each) => JSON.stringify(foldRecord(each)));
  return forth === back ? [] : wrong('the order of arrival changes nothing', `${forth} and ${back}`);
};

const historyOf = async (context: Context, name: { readonly subject: string; readonly id: string }): Promise<readonly unknown[]> => {
  const rows: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const outcome = await getHistory(context, { ...name, cursor, limit: PAGE });
    if (outcome.kind !== 'done') return rows;
    rows.push(...outcome.value.versions.map((each) => ({ ...told(each), parents: each.parents, head: each.head })));
    cursor = outcome.value.cursor;
    if (cursor === undefined) break;
  }
  return rows;
};

const shown = ({ vid, value, by }: VersionFacts) => ({ version: vid, value: JSON.parse(value), by });

const told = (value: unknown) => ({
  version: memberOf(value, 'version'),
  value: memberOf(value, 'value'),
  by: memberOf(value, 'editedBy'),
});

const listOf = (value: unknown, name: string): readonly unknown[] => {
  const list = memberOf(value, name);
  return Array.isArray(list) ? list : [];
};
