/**
 * The report of a drill: what `report.json` holds, by the name of the drill. `report.schema.json` is this schema for other
 * languages; a test keeps them equal.
 */
import * as z from 'zod';
import { REGION_DELIVERY_STATES } from '../../functions/contract/delivery.ts';

const count = z.int().min(0);
const milliseconds = z.number();
const seconds = z.number().min(0);
const byKind = <T extends z.ZodType>(value: T) => z.strictObject({ dns: value, client: value });
const region = z.string();

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
const shared = {
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
  passed: z.boolean(),
};

const regionLoss = z.strictObject({
  ...shared,
  drill: z.literal('region-loss'),
  how: z.enum(['kill', 'freeze', 'blackhole']),
  region: region.describe('the region that was lost'),
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
});

const version = z.string().describe("number of the API function's version");

/** One region's part, as the target told it. */
const regionDelivery = z.strictObject({
  region,
  state: z.enum(REGION_DELIVERY_STATES),
  deploymentId: z.string().nullable(),
  from: version.nullable(),
  to: version.nullable(),
  percent: z.number(),
  detail: z.string(),
  startedAtMs: milliseconds.nullable(),
  endedAtMs: milliseconds.nullable(),
});

const exposure = z.strictObject({ fromMs: milliseconds, toMs: milliseconds });

const regionVersions = z.strictObject({
  region,
  before: z.strictObject({ live: version, versions: z.array(version) }),
  after: z.strictObject({ live: version, versions: z.array(version) }),
  answeredBefore: z.array(z.string()).describe('what answers called their version before the delivery'),
  answeredDuring: z.array(z.string()).describe('from the beginning of the delivery to its end'),
  answeredAfter: z.array(z.string()).describe('to requests that were due after its end'),
});

const delivery = z.strictObject({
  ...shared,
  drill: z.enum(['bad-deploy', 'good-deploy']),
  fault: z.string().nullable().describe('compiled into the version; null: none'),
  controlPlane: z.enum(['simulated', 'aws']).describe('what carried the deployment out: stand-ins of CodeDeploy and CloudWatch, or AWS'),
  region: region.describe('the region of the first wave'),
  settings: z.strictObject({ exposePercent: z.number(), exposeMinutes: z.number(), bakeMinutes: z.number() }),
  phases: z
    .strictObject({
      loadMs: milliseconds,
      baselineMs: milliseconds,
      deliveredMs: milliseconds,
      endedMs: milliseconds,
      endMs: milliseconds,
    })
    .describe('milliseconds since 1970: load begins, baseline begins, delivery begins, delivery has ended, load has ended'),
  delivery: z.strictObject({
    id: z.string(),
    state: z.enum(['running', 'succeeded', 'failed']),
    detail: z.string(),
    regions: z.array(regionDelivery),
  }),
  objectives: z.strictObject({ spoiledAnswers: count, spoiledPercent: z.number(), spoiledSeconds: z.number(), slowExtraMs: count }),
  measured: z.strictObject({
    exposure: z.record(region, exposure).describe('while the version got calls of callers, by region'),
    answers: count.describe("answers of the new version to callers, the failover client's attempts counted one by one"),
    spoiled: z
      .strictObject({
        requests: byKind(count).describe('of callers: failed, wrong or slow because of the new version'),
        hidden: count.describe('attempts of the failover client that it spoiled, and that their callers were spared'),
        failed: count,
        wrong: count,
        slow: count,
        percent: z.number().describe("of all callers' requests that were due while it was exposed"),
        seconds: seconds.describe('from the first spoiled answer to the last'),
      })
      .describe(
        'answers of the new version that failed, were wrong in content, or slow; answers without a version count as its own while it is exposed in their region',
      ),
    besides: z
      .strictObject({ failed: byKind(count), wrong: byKind(count) })
      .describe('requests that failed, or were answered wrong, from the beginning of the delivery on and not because of the new version'),
    slowAboveMs: byKind(milliseconds.nullable()).describe('what counts as slow: the slowest of the baseline and the allowance'),
    decision: z
      .strictObject({ by: z.enum(['trial', 'alarm', 'bake', 'stopped', 'unknown']), atMs: milliseconds, detail: z.string() })
      .nullable()
      .describe('what took the version back: the hook before traffic, an alarm, the watch after traffic, a person'),
    versions: z.array(regionVersions),
    audit: z.array(z.strictObject({ atMs: milliseconds, who: z.string(), what: z.string(), why: z.string() })),
    notifications: z.array(z.string()).nullable().describe("messages of the region's topic; null: this target cannot tell"),
  }),
});

/** Rules of the data that do not hold on the tables, the first 100. */
const broken = z.array(z.strictObject({ rule: z.string(), detail: z.string() })).max(100);

const partition = z.strictObject({
  ...shared,
  drill: z.literal('partition'),
  phases: z
    .strictObject({
      loadMs: milliseconds,
      baselineMs: milliseconds,
      partitionMs: milliseconds,
      healMs: milliseconds,
      endMs: milliseconds,
    })
    .describe('milliseconds since 1970: load begins, baseline begins, replication is paused, is resumed, load has ended'),
  objectives: z.strictObject({ failedRequests: count, agreeSeconds: z.number() }),
  measured: z.strictObject({
    failedRequests: z
      .strictObject({ dns: count, client: count, region: count })
      .describe("failed and unknown while replication was paused; region: the drill's own, which made the conflicts"),
    wrongAnswers: byKind(count).describe('that contradict what was asked for or acknowledged before, from the baseline on'),
    missedReads: byKind(count).describe('answers 404 for something acknowledged, while replication was paused and after: late, or lost'),
    agreedSeconds: seconds
      .nullable()
      .describe('from resuming until every region held the same of every conflict; null: not within the time given'),
    conflicts: z
      .array(
        z.strictObject({
          kind: z.string(),
          what: z.string().describe('the id or sku that it is about'),
          regions: z.array(region),
          answers: z.array(z.strictObject({ region, operation: z.string(), status: z.int().nullable() })),
          how: z.string().describe('how it was resolved'),
          wrong: z.string().nullable().describe('what is wrong with that; null: nothing'),
        }),
      )
      .describe('done in several regions on purpose while replication was paused'),
    tableItems: count.describe('items of the data table that the rules were held against, in each region'),
    broken,
    brokenBefore: broken
      .default([])
      .describe('that did not hold before the drill began, and are no fault of it: they are told, and not counted in the verdict'),
  }),
});

const badWrites = z.strictObject({
  ...shared,
  drill: z.literal('bad-writes'),
  phases: z
    .strictObject({
      loadMs: milliseconds,
      baselineMs: milliseconds,
      pointMs: milliseconds,
      corruptedMs: milliseconds,
      repairMs: milliseconds,
      repairedMs: milliseconds,
      endMs: milliseconds,
    })
    .describe(
      'milliseconds since 1970: load begins, baseline begins, the point that is restored, the first bad write, the repair begins, has ended, load has ended',
    ),
  objectives: z.strictObject({ rpoSeconds: z.number(), failedRequests: count, repairSeconds: z.number() }),
  measured: z.strictObject({
    damage: z
      .array(z.strictObject({ kind: z.string(), region, pk: z.string(), sk: z.string(), writer: z.string() }))
      .describe('every bad write: what it did, and in which region'),
    spreadSeconds: seconds.nullable().describe('from the last bad write until it was in every region; null: not within 30 s'),
    harmedWrites: count.describe('acknowledged writes that no region had any more before the repair'),
    noticed: byKind(count).describe('requests that failed, or were answered wrong, from the first bad write until the repair had ended'),
    failedAfter: byKind(count).describe('requests that were due after the repair had ended, and failed'),
    wrongAfter: byKind(count).describe('answers to such that contradict what was asked for or acknowledged before'),
    rpo: z
      .strictObject({ writes: count, seconds: seconds })
      .describe(
        'acknowledged writes that are not back, from before the point and after, and the age of the newest at the end of the repair',
      ),
    repairSeconds: seconds.nullable().describe('from the first bad write until the last item was repaired everywhere'),
    notAsBefore: count.describe('damaged facts that do not read as they did before'),
    putBack: z.strictObject({ facts: count, rows: count, left: count }),
    tableItems: count,
    broken,
    brokenBefore: broken
      .default([])
      .describe('that did not hold before the drill began, and are no fault of it: they are told, and not counted in the verdict'),
  }),
});

export const reportSchema = z.discriminatedUnion('drill', [regionLoss, delivery, partition, badWrites]);

export type Report = z.infer<typeof reportSchema>;
export type RegionLossReport = z.infer<typeof regionLoss>;
export type DeliveryReport = z.infer<typeof delivery>;
export type PartitionReport = z.infer<typeof partition>;
export type BadWritesReport = z.infer<typeof badWrites>;
export type ReportEvent = z.infer<typeof reportEvent>;
export type Verdict = z.infer<typeof verdict>;

/** The schema for other languages (JSON Schema 2020-12). */
export const reportJsonSchema = () => ({
  $id: 'urn:tandem:drill-report:1',
  title: 'Report of a Tandem drill',
  ...z.toJSONSchema(reportSchema),
});
