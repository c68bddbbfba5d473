import { UNANSWERED_ADVICE, unansweredText } from './unanswered.ts';

/** A mistake that the user can mend: printed as one line, without a stack, exit code 2. Says what was given, what is allowed, what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** Nothing is wrong, and the next step is a person's: what it says is what to do. Exit code 3. */
export class OperatorStep extends Error {
  override readonly name = 'OperatorStep';
}

/** The text of whatever was thrown; of a call that nobody answered, with what was asked. */
export const messageOf = (error: unknown): string => {
  const own = error instanceof Error ? error.message : String(error);
  const unanswered = error instanceof UserError ? undefined : unansweredText(error);
  return unanswered ?? own;
};

/** Of AWS, and of the SDK where it has nothing to show AWS. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'AccessDeniedException',
]);

/** A call that nobody answered, or that AWS refused to whoever asks, as what the user can do something about; any other error as it is. */
export const mendable = (error: unknown, also = ''): unknown => {
  if (error instanceof UserError || error instanceof OperatorStep) return error;
  if (unansweredText(error) !== undefined) return new UserError(`${messageOf(error)}; ${also}${UNANSWERED_ADVICE}`, { cause: error });
  if (error instanceof Error && CREDENTIALS.has(error.name))
    return new UserError(
      `${error.message}; ${also}see whose AWS credentials this terminal has with \`aws sts get-caller-identity\`, and that they may do this`,
      { cause: error },
    );
  return error;
};
