import { UNANSWERED_ADVICE, unansweredText } from './unanswered.ts';

/** A mistake that the user can mend: printed as one line, without a stack, exit code 2. Says what was given, what is allowed, what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** The text of whatever was thrown; of a call that nobody answered, with what was asked. */
export const messageOf = (error: unknown): string => {
  const own = error instanceof Error ? error.message : String(error);
  const unanswered = error instanceof UserError ? undefined : unansweredText(error);
  return unanswered ?? own;
};

/** A call that nobody answered as what the user can do something about; any other error as it is. */
export const mendable = (error: unknown, also = ''): unknown =>
  error instanceof UserError || unansweredText(error) === undefined
    ? error
    : new UserError(`${messageOf(error)}; ${also}${UNANSWERED_ADVICE}`, { cause: error });
