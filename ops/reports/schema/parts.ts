/** What the reports of all drills have in common. */
import * as z from 'zod';

export const count = z.int().min(0);
export const milliseconds = z.number();
export const seconds = z.number().min(0);
export const byKind = <T extends z.ZodType>(value: T) => z.strictObject({ dns: value, client: value });
export const region = z.string();

export const reportEvent = z.strictObject({
  atMs: milliseconds,
  sinceFaultSeconds: z.number().describe('since the fault; or since the delivery began'),
  kind: z.enum(['load', 'fault', 'check', 'answer', 'recovered', 'repair', 'region', 'edge', 'link', 'ledger', 'alarm', 'delivery']),
  region: region.nullable(),
  detail: z.string(),
});

/** One objective: at most `max`, at least `min`. `measured: null` means that it never happened, and fails. */
export const verdict = z.strictObject({
  name: z.string(),
  unit: z.enum([
    's',
    'ms',
    '%',
    'requests',
    'answers',
    'versions',
    'regions',
    'items',
    'messages',
    'writes',
    'orders',
    'units',
    'conflicts',
    'rules',
    'ratio',
  ]),
  min: z.number().nullable(),
  max: z.number().nullable(),
  measured: z.number().nullable(),
  passed: z.boolean(),
});

const lostWrite = z.strictObject({
  operation: z.string(),
  id: z.string(),
  key: z.string(),
  region,
  ageMs: milliseconds.describe('age at the fault'),
});

export const LOST_LISTED_MAX = 1_000;

/** What every drill reports. */
export const shared = {
  version: z.literal(1),
  target: z.enum(['local', 'aws']),
  regions: z.array(region),
  startedAt: z.iso.datetime(),
  load: z.strictObject({ ratePerSecond: z.number().positive(), callers: byKind(count), requests: byKind(count) }),
  events: z.array(reportEvent),
  ledger: z.strictObject({
    acknowledged: count,
    missing: count.describe('acknowledged writes that some region lacks though another has them, after all has settled'),
    duplicates: count,
    oversold: count.describe('units'),
    missingByRegion: z.record(region, count).describe('those lost for good included'),
    lost: z.array(lostWrite).max(LOST_LISTED_MAX).describe('no region has them'),
    settledSeconds: seconds.nullable().describe('from the end of the load until the ledgers agreed; null: not within the time given'),
  }),
  verdicts: z.array(verdict),
  failures: z
    .array(z.string())
    .optional()
    .describe('what the drill could not do, and why: it has not passed then, whatever the verdicts say'),
  passed: z.boolean(),
  contradictions: z
    .array(z.string())
    .optional()
    .describe('how numbers of this report contradict each other, which keeps it from passing; absent: they do not'),
};

/** Rules of the data that do not hold on the tables, the first 100. */
const broken = z.array(z.strictObject({ rule: z.string(), detail: z.string() })).max(100);

/** What became of the rules in a drill that holds them against the tables. */
export const rules = {
  broken,
  brokenBefore: broken
    .default([])
    .describe('that did not hold before the drill began, and are no fault of it: they are told, and not counted in the verdict'),
};
