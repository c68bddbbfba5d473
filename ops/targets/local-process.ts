/** Whose process an id means, for files that say "this runs": ids are reused, so an id alone proves nothing. */
import * as z from 'zod';
import { identityOf, isAlive } from '../../local/process/identity.ts';
import { UserError } from '../errors.ts';

/** In a file. Without its start a process cannot be told from one that got its id later. */
export const processShape = { pid: z.int(), started: z.string().optional() };

interface Noted {
  readonly pid: number;
  readonly started?: string | undefined;
}

/** Of this process, for such a file. */
export const ownProcess = async (): Promise<Required<Noted>> => {
  const own = await identityOf(process.pid);
  if (own === undefined)
    throw new UserError(`cannot read the start time of process ${process.pid}; needed: /proc on Linux, "ps" elsewhere`);
  return { ...own };
};

/** Whether that very process still runs. */
export const stillRuns = async ({ pid, started }: Noted): Promise<boolean> => started !== undefined && (await isAlive({ pid, started }));
