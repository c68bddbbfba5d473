import { asText } from './print.ts';
import { unansweredAdvice, unansweredText } from './unanswered.ts';
import { visible } from './visible.ts';

/** Told to a person. One line, whatever it quotes; several where they are given as such. */
class Told extends Error {
  constructor(message: string | readonly string[], options?: ErrorOptions) {
    super(asText([message].flat()), options);
  }
}

/** A mistake that the user can correct: printed without a stack, exit code 2. Says what was given, what is allowed, what to do. */
export class UserError extends Told {
  override readonly name = 'UserError';
}

/** Nothing is wrong, and the next step is a person's: what it says is what to do. Exit code 3. */
export class OperatorStep extends Told {
  override readonly name = 'OperatorStep';
}

/** Errors behind an error that are looked at. */
const DEPTH_MAX = 8;

/** One line of whatever was thrown: what it says, of a call that got no answer what was asked, else what is behind it. */
export const messageOf = (error: unknown): string => {
  if (error instanceof Told) return error.message;
  return visible(unansweredText(error) ?? saidBy(error, DEPTH_MAX));
};

/** Of a class alone ("Error", "AggregateError"), and of "fetch failed", nobody can tell what happened. */
const SAYS_NOTHING = /^(|(Aggregate|Type|Range)?Error|fetch failed|terminated|unknown( ?error)?|undefined|null|\[object Object\])$/i;

const saidBy = (error: unknown, depth: number): string => {
  if (!(error instanceof Error)) return typeof error === 'string' && error !== '' ? error : (JSON.stringify(error) ?? String(error));
  const behind =
    depth === 0 ? [] : [...(error instanceof AggregateError ? error.errors : []), error.cause].filter((each) => each !== undefined);
  const reasons = [...new Set(behind.map((each) => saidBy(each, depth - 1)))].filter((each) => !SAYS_NOTHING.test(each));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const own = SAYS_NOTHING.test(error.message.trim()) ? code : error.message.trim();
  if (own === '') return reasons.length > 0 ? reasons.join('; ') : `${error.name}, without a reason`;
  return error.message === own && !(error instanceof AggregateError) ? own : [own, ...reasons].join(': ');
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
  if (unansweredText(error) !== undefined) return new UserError(`${messageOf(error)}; ${also}${unansweredAdvice()}`, { cause: error });
  if (error instanceof Error && CREDENTIALS.has(error.name))
    return new UserError(
      `${error.message}; ${also}see whose AWS credentials this terminal has with \`aws sts get-caller-identity\`, and that they may do this`,
      { cause: error },
    );
  const advice = fileAdvice(error);
  if (advice !== undefined) return new UserError(`${messageOf(error)}; ${also}${advice}, then run it again`, { cause: error });
  return error;
};
