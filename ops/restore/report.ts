/** What a restore found and did: `restore.json`, and a text for people. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { RESOURCES } from '../../functions/core/restore-compare.ts';
import { asText } from '../print.ts';
import { table } from '../table.ts';
import { tandem } from '../tandem.ts';

export const RESTORE_FORMAT = 'tandem-restore-1';

const count = z.int().min(0);
const keys = z.array(z.strictObject({ pk: z.string(), sk: z.string() }));
const fact = z.record(z.string(), z.unknown());
const counts = z.strictObject({
  resource: z.enum(RESOURCES),
  /** Facts. */
  missing: count,
  changed: count,
  extra: count,
  /** Rows that regions update, which differ: as they should, while anything is sold. */
  moved: count,
  /** The first 1,000 of each. */
  listed: z.strictObject({ missing: keys, changed: keys, extra: keys }),
});

export const restoreReportSchema = z.strictObject({
  format: z.literal(RESTORE_FORMAT),
  /** The option that names the past: `--at TIME`, `--from ARN`, `--table NAME`. */
  past: z.string(),
  /** When the copy was the present. Null: nobody knows. */
  at: z.iso.datetime().nullable(),
  /** Whose replica was restored. */
  region: z.string(),
  /** The restored copy. */
  table: z.string(),
  /** It is there still. */
  kept: z.boolean(),
  startedAt: z.iso.datetime(),
  seconds: z.strictObject({ repaired: z.number(), all: z.number() }),
  /** In the restored copy. */
  items: count,
  applied: z.boolean(),
  /** Regions that did not answer. */
  absent: z.array(z.string()),
  /** As found, before any repair. */
  resources: z.array(counts),
  /** Facts that were told anew since, with what they were, or whose order or receipt was: they stay. The first 1,000. */
  toldAnew: z.array(z.strictObject({ pk: z.string(), sk: z.string(), was: fact, is: fact })),
  repaired: z
    .strictObject({
      facts: z.strictObject({ orders: count, stock: count, records: count }),
      /** Facts put again for regions that did not hold them. */
      spread: count,
      rows: z.array(z.strictObject({ region: z.string(), sku: z.string(), what: z.string() })),
      left: z.array(z.strictObject({ pk: z.string(), sk: z.string(), why: z.string() })),
    })
    .optional(),
  /** Facts that are missing or changed at the end, by region. */
  remaining: z.array(z.strictObject({ region: z.string(), facts: count })),
  /** Nothing is missing or changed in any region that answers, and nothing was left. */
  whole: z.boolean(),
});

export type RestoreReport = z.infer<typeof restoreReportSchema>;
export type Counts = z.infer<typeof counts>;
export type Listed = z.infer<typeof keys>;

const ROWS_SHOWN_MAX = 20;

export const restoreText = (report: RestoreReport): string => {
  const { resources, repaired, absent, applied } = report;
  const sections = [
    [`${report.table}: ${report.items} items of ${report.region}${report.at === null ? '' : ` as of ${report.at}`}`],
    absent.length === 0 ? [] : [`left out, because they do not answer or are being rebuilt: ${absent.join(', ')}`],
    table([
      ['resource', 'missing', 'changed', 'extra', 'rows moved on'],
      ...resources.map((each) => [each.resource, ...[each.missing, each.changed, each.extra, each.moved].map(String)]),
    ]),
    repaired === undefined ? [] : repairLines(repaired),
    toldAnewLines(report),
    [applied ? verdict(report) : outlook(resources)],
    report.kept ? [keptLine(report)] : [],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map(asText)
    .join('\n\n');
};

/** Both, and how a person says that the old one is meant. */
const toldAnewLines = ({ toldAnew, past }: RestoreReport): readonly string[] => {
  const [first] = toldAnew;
  if (first === undefined) return [];
  return [
    `told anew since, and left as they are: ${toldAnew.length}`,
    ...shown(toldAnew.map(({ pk, sk, was, is }) => `  ${pk} ${sk}: was ${factText(was, is)}, is ${factText(is, was)}`)),
    `Where the old one is meant: \`${tandem('restore', ...past.split(' '), '--apply', '--replace', `${first.pk} ${first.sk}`)}\` puts it over the new one.`,
  ];
};

/** What of it differs from the other. */
const factText = (fact: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): string =>
  Object.entries(fact)
    .filter(([name, value]) => !['pk', 'sk', 'v', 'body', 'listed'].includes(name) && JSON.stringify(value) !== JSON.stringify(other[name]))
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ') || 'the same';

const repairLines = ({ facts, spread, rows, left }: NonNullable<RestoreReport['repaired']>): readonly string[] => [
  `put back: ${facts.orders} of orders, ${facts.stock} of stock, ${facts.records} of records; put again for other regions: ${spread}; stock computed anew: ${rows.length} rows`,
  ...shown(rows.map(({ region, sku, what }) => `  ${sku} in ${region}: ${what}`)),
  ...shown(left.map(({ pk, sk, why }) => `  left: ${pk} ${sk}: ${why}`)),
];

const shown = (lines: readonly string[]): readonly string[] =>
  lines.length <= ROWS_SHOWN_MAX
    ? lines
    : [...lines.slice(0, ROWS_SHOWN_MAX), `  and ${lines.length - ROWS_SHOWN_MAX} more: see restore.json`];

/** Of a look, which changes nothing. */
const outlook = (resources: RestoreReport['resources']): string =>
  resources.every(({ missing, changed }) => missing + changed === 0)
    ? 'Nothing is missing or changed, and nothing was done; --apply would only compute rows of stock anew that do not add up.'
    : 'Nothing was done; --apply repairs what is missing or changed. What is extra stays: callers were told of it.';

const verdict = ({ whole, remaining, repaired, past }: RestoreReport): string => {
  if (whole) return 'Every region that answers holds what the copy held.';
  const lacking = remaining.filter(({ facts }) => facts > 0).map(({ region, facts }) => `${region} lacks ${facts}`);
  const left = repaired?.left.length ?? 0;
  const what = [...lacking, ...(left === 0 ? [] : [`${left} ${left === 1 ? 'item was' : 'items were'} left, as said above`])];
  return `Not everything is repaired: ${what.join(', ')}; run it again with ${past}`;
};

const keptLine = ({ table: name, region, applied }: RestoreReport): string =>
  `${name} is kept in ${region}${applied ? '' : `; \`${tandem('restore', '--table', name, '--region', region, '--apply')}\` repairs from it`}. Delete it when it has served: it costs money.`;

/** @returns the folder, `REPORTS/restore-TIME` */
export const writeRestoreReport = async (reports: string, report: RestoreReport): Promise<string> => {
  const folder = join(reports, `restore-${report.startedAt.replace(/[-:]|\.\d+/g, '')}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'restore.json'), `${JSON.stringify(restoreReportSchema.parse(report), undefined, 2)}\n`);
  await writeFile(join(folder, 'restore.txt'), `${restoreText(report)}\n`);
  return folder;
};
