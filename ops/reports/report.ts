/** The report of a drill: what `report.json` holds. `report.schema.json` is this schema for other languages; a test keeps them equal. */
import * as z from 'zod';

const count = z.int().min(0);
const milliseconds = z.number();
const seconds = z.number().min(0);
const byKind = <T extends z.ZodType>(value: T) => z.strictObject({ dns: value, client: value });
const region = z.string();

export const reportEvent = z.strictObject({
  atMs: milliseconds,
  sinceFaultSeconds: z.number(),
  kind: z.enum(['load', 'fault', 'check', 'answer', 'recovered', 'repair', 'region', 'edge', 'link', 'ledger', 'alarm', 'delivery']),
  region: region.nullable(),
  detail: z.string(),
});

/** One objective: at most `max`, at least `min`. `measured: null` means that it never happened, and fails. */
export const verdict = z.strictObject({
  name: z.string(),
  unit: z.enum(['s', 'ms', 'requests', 'writes', 'orders', 'units', 'ratio']),
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

export const reportSchema = z.strictObject({
  version: z.literal(1),
  drill: z.literal('region-loss'),
  how: z.enum(['kill', 'freeze', 'blackhole']),
  region: region.describe('the region that was lost'),
  target: z.enum(['local', 'aws']),
  regions: z.array(region),
  startedAt: z.iso.datetime(),
  load: z.strictObject({ ratePerSecond: z.number().positive(), callers: byKind(count), requests: byKind(count) }),
  phases: z
    .strictObject({
      loadMs: milliseconds,
      baselineMs: milliseconds,
      faultMs: milliseconds,
      repairMs: milliseconds,
      servingMs: milliseconds.nullable(),
      endMs: milliseconds,
    })
    .describe('milliseconds since 1970: load begins, baseline begins, fault, repair begins, region serves again, load has ended'),
  events: z.array(reportEvent),
  objectives: z.strictObject({
    rtoSeconds: byKind(z.number()),
    failedRequests: z.strictObject({ client: count }),
    slowestExtraMs: z.strictObject({ client: count }),
    rpoMilliseconds: count,
    formulaRatio: z.strictObject({ min: z.number(), max: z.number() }),
  }),
  measured: z.strictObject({
    detectionSeconds: seconds.nullable().describe("from the fault until the lost region's calculated check turned"),
    dnsChangedSeconds: seconds.nullable().describe('from the fault until the answer near the lost region was without it'),
    formulaSeconds: seconds.nullable().describe('computed from the settings; null without a shared name'),
    rtoSeconds: byKind(seconds.nullable()).describe(
      'from the fault until no request due later failed, for at least 10 s; null: not while it was watched',
    ),
    failedRequests: byKind(count).describe('failed and unknown, from the fault to the end of the load, repair included'),
    failedAfterRepair: byKind(count).describe('those of them that were due after the repair began'),
    slowestMs: byKind(milliseconds.nullable()).describe('from the fault to the repair'),
    normalSlowestMs: byKind(milliseconds.nullable()).describe('in the baseline before the fault'),
    missedReads: byKind(count).describe('answers 404 for something acknowledged, from the fault to the end of the load: late, or lost'),
    replicationAgeMs: milliseconds
      .nullable()
      .describe("age of the lost region's last heartbeat in a survivor just before the fault, the largest"),
    rpo: z
      .strictObject({ writes: count, milliseconds: z.number().min(0) })
      .describe('acknowledged writes lost for good, and the age at the fault of the oldest'),
    rebuildSeconds: seconds.nullable().describe('from the beginning of the repair until the region served again'),
  }),
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
  passed: z.boolean(),
});

export type Report = z.infer<typeof reportSchema>;
export type ReportEvent = z.infer<typeof reportEvent>;
export type Verdict = z.infer<typeof verdict>;

/** The schema for other languages (JSON Schema 2020-12). */
export const reportJsonSchema = () => ({
  $id: 'urn:tandem:drill-report:1',
  title: 'Report of a Tandem drill',
  ...z.toJSONSchema(reportSchema),
});
