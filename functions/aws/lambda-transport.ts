/**
 * A version of the API function, invoked itself: the only way to a version that no alias leads callers to yet. The end of
 * its log comes back with the answer, and in it what the version says of its memory.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import { type Answer, type Request, type Transport, TransportError } from '../canary/transport.ts';
import { clientLimits } from './client-limits.ts';
import { proxyEvent } from './proxy-event.ts';

/** Milliseconds of one invocation: above the function's own timeout, so that Lambda tells of it first. */
const INVOKE_MS = 25_000;
/** Attempts at an invocation that Lambda refused, not the function: throttled, or a version that is still being made. */
const ATTEMPTS = 5;
const BACKOFF_MS = 200;
const NOT_YET = new Set([
  'TooManyRequestsException',
  'ResourceConflictException',
  'ResourceNotReadyException',
  'ServiceException',
  'EC2ThrottledException',
]);
/** Characters of what is told of a function's error. */
const ERROR_LENGTH_MAX = 300;

export const lambdaClient = (): LambdaClient => new LambdaClient(clientLimits(INVOKE_MS, 1));

export const lambdaTransport = (given: {
  readonly client: LambdaClient;
  readonly functionName: string;
  /** Version or alias. */
  readonly qualifier: string;
  readonly sleep: (ms: number) => Promise<void>;
}): Transport => ({
  send: async (request) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return answerOf(await invoke(given, request));
      } catch (error: unknown) {
        if (error instanceof TransportError) throw error;
        const name = error instanceof Error ? error.name : '';
        if (!NOT_YET.has(name) || attempt >= ATTEMPTS) throw failureOf(error);
        await given.sleep(BACKOFF_MS * 2 ** (attempt - 1));
      }
    }
  },
});

const invoke = (
  { client, functionName, qualifier }: { readonly client: LambdaClient; readonly functionName: string; readonly qualifier: string },
  request: Request,
): Promise<InvokeCommandOutput> =>
  client.send(
    new InvokeCommand({
      FunctionName: functionName,
      Qualifier: qualifier,
      LogType: 'Tail',
      Payload: Buffer.from(JSON.stringify(proxyEvent(request))),
    }),
  );

const failureOf = (error: unknown): TransportError => {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return new TransportError(
    name === 'TimeoutError' ? 'timeout' : 'unreachable',
    `the function could not be invoked: ${name}: ${message}`,
    error,
  );
};

const answerOf = ({ FunctionError, Payload, LogResult }: InvokeCommandOutput): Answer => {
  const payload = parsed(Buffer.from(Payload ?? []).toString());
  if (FunctionError !== undefined) throw new TransportError('crash', `the function ended with an error: ${saidOf(payload)}`);
  const answer = isRecord(payload) ? payload : {};
  const { statusCode, headers, body } = answer;
  if (typeof statusCode !== 'number' || typeof body !== 'string' || !isRecord(headers))
    throw new TransportError('broken', 'what the function returned is no answer of a proxy integration');
  const texts = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  const memoryMb = memoryOf(LogResult);
  return { status: statusCode, headers: Object.fromEntries(texts), body, ...(memoryMb === undefined ? {} : { memoryMb }) };
};

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
const saidOf = (payload: unknown): string => {
  if (!isRecord(payload)) return 'it said nothing';
  const { errorType, errorMessage } = payload;
  return `${typeof errorType === 'string' ? `${errorType}: ` : ''}${String(errorMessage)}`.slice(0, ERROR_LENGTH_MAX);
};

/** The last line that tells the memory; the tail's first line is cut off. */
const memoryOf = (logResult: string | undefined): number | undefined => {
  const lines = Buffer.from(logResult ?? '', 'base64')
    .toString()
    .split('\n');
  for (const line of lines.reverse()) {
    const fields = line.includes('"memoryMb"') ? parsed(line.slice(line.indexOf('{'))) : undefined;
    if (isRecord(fields) && typeof fields['memoryMb'] === 'number') return fields['memoryMb'];
  }
  return undefined;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
