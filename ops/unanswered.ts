/**
 * Calls that nobody answered: a system that is overloaded, stopped or out of reach, and no mistake in the tool. Told with
 * what was asked, where, and how long it took, because the SDK's own errors say neither.
 */
import { tandem } from './tandem.ts';

/** Of Node's sockets and of undici. */
const CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
]);
/** Of the SDK, and of `AbortSignal.timeout`. */
const NAMES: ReadonlySet<string> = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException']);
/** Says it already. */
const SAID = /^no answer /;
/** What `AbortSignal.timeout` says, of whatever it has ended. */
const ABORTED = 'The operation was aborted due to timeout';
/** Errors behind an error that are looked at. */
const DEPTH_MAX = 8;

export const unansweredAdvice = (): string =>
  `the system is overloaded, stopped or out of reach; see \`${tandem('status')}\`, and for AWS the network and the credentials, then run it again`;

/** What was asked, of errors that came of it. */
const asked = new WeakMap<Error, string>();

/** The middle of an SDK client sees requests of every shape. */
type Asking = <S extends { readonly input: object }, R>(next: (sent: S) => Promise<R>, context: AskingContext) => (sent: S) => Promise<R>;

interface AskingContext {
  readonly clientName?: string;
  readonly commandName?: string;
}

interface SdkClient {
  readonly middlewareStack: { add(middleware: Asking, options: { readonly step: 'initialize'; readonly name: string }): void };
}

/**
 * Lets the errors of an SDK client tell what was asked, and how long it took.
 * @param where the region, with the endpoint where that is not AWS's
 */
export const tellingWhere = <T extends SdkClient>(client: T, where: string): T => {
  client.middlewareStack.add(
    (next, { clientName = '', commandName = '' }) =>
      async (sent) => {
        const startedMs = Date.now();
        try {
          return await next(sent);
        } catch (error) {
          const what = `${clientName.replace(/Client$/, '')} ${commandName.replace(/Command$/, '')}${subjectOf(sent.input)} in ${where}`;
          if (error instanceof Error)
            asked.set(error, `${what}: after ${((Date.now() - startedMs) / 1_000).toFixed(1)} s${attemptsOf(error)}`);
          throw error;
        }
      },
    { step: 'initialize', name: 'tellingWhere' },
  );
  return client;
};

/** In words, when nobody answered; undefined for every other error. */
export const unansweredText = (error: unknown): string | undefined => {
  const chain = chainOf(error);
  const socket = chain.find(isUnanswered);
  if (socket === undefined) return undefined;
  const what = chain.map((each) => asked.get(each)).find((each) => each !== undefined);
  const [outer] = chain;
  const reason = reasonOf(socket);
  return `${outer === socket || outer === undefined ? '' : `${outer.message}: `}${what === undefined ? '' : `${what}, `}${SAID.test(reason) ? reason : `no answer (${reason})`}`;
};

/** The error and what is behind it, the outermost first. */
const chainOf = (error: unknown): readonly Error[] => {
  const chain: Error[] = [];
  let next = error;
  while (next instanceof Error && chain.length < DEPTH_MAX) {
    chain.push(next);
    next = next instanceof AggregateError ? next.errors[0] : next.cause;
  }
  return chain;
};

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '');

/** The SDK calls what a signal with a time ended aborted, whoever's time it was. */
const isUnanswered = (error: Error): boolean =>
  CODES.has(codeOf(error)) ||
  NAMES.has(error.name) ||
  error.message === 'socket hang up' ||
  (error.name === 'AbortError' && asked.has(error));

const reasonOf = (error: Error): string => {
  const code = codeOf(error);
  const said = error.message.replace(/^@smithy\/node-http-handler - (\[ERROR\] )?/, '');
  if (said === ABORTED) return 'no answer in time';
  return said === '' || said === code ? code || error.name : said;
};

const subjectOf = (input: object): string => {
  if ('TableName' in input) return ` of ${input.TableName}`;
  return 'FunctionName' in input ? ` of ${input.FunctionName}` : '';
};

const attemptsOf = (error: Error): string => {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null) return '';
  const { attempts }: { readonly attempts?: unknown } = error.$metadata;
  return typeof attempts === 'number' && attempts > 1 ? ` and ${attempts} attempts` : '';
};
