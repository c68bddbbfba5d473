/** The report of `region-loss`. */
import * as z from 'zod';
import { byKind, count, milliseconds, region, seconds, shared } from './parts.ts';

export const regionLoss = z.strictObject({
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
