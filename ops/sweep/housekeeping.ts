/** Has a region's own housekeeping do tasks: under its gate, its name and its rules, by the version that serves there. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { ALIAS } from '../../functions/contract/names.ts';
import type { Task } from '../../functions/core/tasks.ts';
import { messageOf } from '../errors.ts';
import { tandem } from '../tandem.ts';
import type { Place } from './place.ts';

/** What came of one call. */
export type Called =
  | { readonly ok: true; readonly done: number; readonly failed: readonly string[] }
  /** None of them was begun, or nobody knows. */
  | { readonly ok: false; readonly problem: string };

const answer = z.union([
  z.object({ done: z.int(), failed: z.array(z.object({ task: z.unknown(), detail: z.string() })) }),
  z.object({ refused: z.string() }),
]);

/** Never throws: a region that does not answer is one of the outcomes. */
export const callHousekeeping = async (
  { lambda, housekeeping, region }: Pick<Place, 'lambda' | 'housekeeping' | 'region'>,
  tasks: readonly Task[],
): Promise<Called> => {
  try {
    const { Payload, FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName: housekeeping, Qualifier: ALIAS, Payload: Buffer.from(JSON.stringify({ tasks })) }),
    );
    const text = Buffer.from(Payload ?? []).toString();
    if (FunctionError !== undefined)
      return { ok: false, problem: `housekeeping of ${region} failed as a whole: ${text.slice(0, 300)}; see its log` };
    const given = answer.safeParse(JSON.parse(text));
    if (!given.success)
      return { ok: false, problem: `housekeeping of ${region} takes no tasks: it is of an earlier release; deploy there first` };
    if ('refused' in given.data) return { ok: false, problem: `housekeeping of ${region} refuses: ${given.data.refused}` };
    const { done, failed } = given.data;
    return { ok: true, done, failed: failed.map(({ task, detail }) => `${JSON.stringify(task)}: ${detail}`) };
  } catch (error) {
    return {
      ok: false,
      problem: `housekeeping of ${region} cannot be called: ${messageOf(error)}; see \`${tandem('status')}\` and credentials`,
    };
  }
};
