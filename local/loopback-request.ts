/**
 * HTTP to this system's own processes. Never through a proxy, whatever the environment says (HTTP_PROXY, NODE_USE_ENV_PROXY),
 * and not with what another library made of Node's global dispatcher.
 */
import { Agent, request } from 'undici';

/** Of its own. Connections that nobody uses keep no process alive. */
const agent = new Agent();

interface Options extends Pick<NonNullable<Parameters<typeof request>[1]>, 'method' | 'headers' | 'body'> {
  /** For the whole answer, in milliseconds. */
  readonly withinMs: number;
  /** Ends it earlier. */
  readonly signal?: AbortSignal;
}

export interface LoopbackAnswer {
  readonly statusCode: number;
  readonly text: string;
}

/** Says what was asked: of its own, an error of a signal says that an operation was aborted, whosoever it was. */
class LoopbackTimeout extends Error {
  override readonly name = 'TimeoutError';
}

/** @throws when the whole answer is not there in time, or nobody listens */
export const loopbackRequest = async (url: string | URL, { withinMs, signal, ...options }: Options): Promise<LoopbackAnswer> => {
  const late = AbortSignal.timeout(withinMs);
  try {
    const { statusCode, body } = await request(url, {
      ...options,
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      dispatcher: agent,
    });
    return { statusCode, text: await body.text() };
  } catch (cause) {
    if (cause !== late.reason) throw cause;
    const { origin, pathname } = new URL(url);
    throw new LoopbackTimeout(`no answer to ${options.method ?? 'GET'} ${origin}${pathname} within ${withinMs / 1_000} s`, { cause });
  }
};
