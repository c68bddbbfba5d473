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

/** What to do about a file that cannot be written, by the code of the system's error. */
const FILES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; make room on it',
  EDQUOT: 'the quota of the disk is used up; make room on it',
  EROFS: 'the disk can only be read; make it writable',
  EACCES: 'let this user write there',
  EPERM: 'let this user write there',
};

/** Of a file only: sockets and processes have some of these codes too. */
const fileAdvice = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && ('path' in error || error.code === 'ENOSPC')
    ? FILES[error.code]
    : undefined;

/** A call that nobody answered, or that AWS refused to whoever asks, or a file that cannot be written, as what the user can do something about; any other error as it is. */
export const mendable = (error: unknown, also = ''): unknown => {
  if (error instanceof UserError || error instanceof OperatorStep) return error;
  if (unansweredText(error) !== undefined) return new UserError(`${messageOf(error)}; ${also}${UNANSWERED_ADVICE}`, { cause: error });
  if (error instanceof Error && CREDENTIALS.has(error.name))
    return new UserError(
      `${error.message}; ${also}see whose AWS credentials this terminal has with \`aws sts get-caller-identity\`, and that they may do this`,
      { cause: error },
    );
  const advice = fileAdvice(error);
  if (advice !== undefined) return new UserError(`${messageOf(error)}; ${also}${advice}, then run it again`, { cause: error });
  return error;
};
