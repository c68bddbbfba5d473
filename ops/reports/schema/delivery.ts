/** The report of `bad-deploy` and `good-deploy`. */
import * as z from 'zod';
import { REGION_DELIVERY_STATES } from '../../../functions/contract/delivery.ts';
import { byKind, count, milliseconds, region, seconds, shared } from './parts.ts';

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

export const delivery = z.strictObject({
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
      .strictObject({
        by: z.enum(['trial', 'alarm', 'bake', 'stopped', 'unknown']),
        alarm: z.string().nullable().default(null).describe('that CodeDeploy names as activated; null: no alarm'),
        atMs: milliseconds,
        detail: z.string(),
      })
      .nullable()
      .describe('what took the version back: the hook before traffic, an alarm, the watch after traffic, a person'),
    versions: z.array(regionVersions),
    audit: z.array(z.strictObject({ atMs: milliseconds, who: z.string(), what: z.string(), why: z.string() })),
    notifications: z.array(z.string()).nullable().describe("messages of the region's topic; null: this target cannot tell"),
  }),
});
