/** What is wrong with what was asked for, told so that whoever asked can mend it. */
import { type Estate, type Loss, lossOf, RecoveryRefused } from '../../functions/core/recovery.ts';
import { StoreUnavailable } from '../../functions/core/store.ts';
import { messageOf, OperatorStep, UserError } from '../errors.ts';
import { tandem } from '../tandem.ts';

/** @throws {UserError} in place of a refusal */
export const asUser = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error: unknown) {
    if (error instanceof RecoveryRefused) throw new UserError(messageOf(error), { cause: error });
    throw error;
  }
};

/** Whether a recovery that ended so goes on when it is run again: by a signal, by a region that did not answer, by a step that took too long. */
export const goesOn = (error: unknown): boolean =>
  !(error instanceof OperatorStep) && !(error instanceof UserError && error.cause instanceof RecoveryRefused);

/**
 * How a region stands.
 *
 * @param kill the command by which an operator calls a region lost, where there is one; nobody else knows that it will not be back
 * @throws {UserError} also for a region that is not called lost while somebody does not answer
 */
export const lossAsKnown = async (estate: Estate, region: string, kill: string | undefined): Promise<Loss> => {
  try {
    return await asUser(lossOf(estate, region));
  } catch (error) {
    if (!(error instanceof StoreUnavailable) || kill === undefined || (await estate.lost()).includes(region)) throw error;
    throw new UserError(
      `${region} is not lost, and not every region answers: ${error.message}: ${messageOf(error.cause)}; see \`${tandem('status')}\`. If ${region} is the silent one and will not be back, kill it with \`${kill}\`, then run this again`,
      { cause: error },
    );
  }
};
