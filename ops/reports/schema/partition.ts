/** The report of `partition`. */
import * as z from 'zod';
import { byKind, count, milliseconds, region, rules, seconds, shared } from './parts.ts';

export const partition = z.strictObject({
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
    ...rules,
  }),
});
