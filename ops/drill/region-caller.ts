/** A drill's own hand at one region's front door: it asks that region and no other, and sees the headers of its answers. */
import { Pool } from 'undici';
import { causeOf } from '../../client/errors.ts';
import type { TargetRegion } from '../targets/target.ts';
import { CONNECTIONS_MAX, objectIn } from './callers.ts';
import { recordOf } from './load.ts';
import type { Action, OperationRecord } from './operations.ts';
import { plainRequest, plainResult, textIn, unanswered } from './plain.ts';

/**
 * Longer than any caller waits, and than API Gateway does: what it did not get would be no conflict.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
const TIMEOUT_MS = 30_000;

export interface Asked {
  readonly record: OperationRecord;
  /** Of the answer, by its name in lower case; null: it had none, or there was no answer. */
  header(name: string): string | null;
  /** Where it was a JSON object. */
  readonly body: object | undefined;
}

export interface Hand {
  readonly region: string;
  /** Never rejects. @param headers beside those of the action */
  ask(action: Action, headers?: Readonly<Record<string, string>>): Promise<Asked>;
  close(): Promise<void>;
}

export const regionCaller = (region: TargetRegion, token: string): Hand => {
  const pool = new Pool(region.url, {
    connections: CONNECTIONS_MAX,
    connect: { timeout: TIMEOUT_MS, servername: region.host.split(':')[0] ?? '' },
  });
  const caller = { name: `region-${region.name}`, kind: 'region' as const, near: region.name };
  const ask = async (action: Action, headers: Readonly<Record<string, string>> = {}): Promise<Asked> => {
    const startMs = Date.now();
    const request = plainRequest(action, region.host, token);
    try {
      const answer = await pool.request({
        ...request,
        headers: { ...request.headers, ...headers },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const body = objectIn(await answer.body.text());
      const given = { region: region.name, version: textIn(answer.headers['tandem-version']), status: answer.statusCode, startMs, body };
      return {
        record: recordOf(
          caller,
          action,
          startMs,
          plainResult(action, given, () => null),
        ),
        header: (name) => textIn(answer.headers[name]),
        body,
      };
    } catch (error) {
      const result = unanswered(action, causeOf(error), { startMs, region: region.name });
      return { record: recordOf(caller, action, startMs, result), header: () => null, body: undefined };
    }
  };
  return { region: region.name, ask, close: () => pool.destroy() };
};
