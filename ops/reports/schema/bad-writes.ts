/** The report of `bad-writes`. */
import * as z from 'zod';
import { byKind, count, milliseconds, region, rules, seconds, shared } from './parts.ts';

export const badWrites = z.strictObject({
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
    spreadSeconds: seconds.nullable().describe('from the last bad write until it was in every region; null: not within 120 s'),
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
    ...rules,
  }),
});
