/**
 * What the failover client's requests came to, one by one: it tells its caller how an operation ended, and keeps to itself
 * what a version answered that another region's answer overtook or made good.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Fetch } from '../../client/client.ts';
import type { Attempt } from '../../client/outcome.ts';
import { HEALTH_PATH, REGIONS_PATH } from '../../client/routes.ts';
import { HEADERS } from '../../functions/contract/names.ts';
import { objectIn } from './callers.ts';
import type { Expectation } from './expectations.ts';
import { type SentRequest, servedStatus } from './operations.ts';

interface Exchange {
  readonly region: string | undefined;
  version: string | null;
  body: object | undefined;
}

/** The client looks after its regions in passing: no caller asked for that. */
const OWN_PATHS: readonly string[] = [HEALTH_PATH, REGIONS_PATH];

export interface Exchanges {
  readonly fetch: Fetch;
  /** Runs an operation; `sent` are the requests that were made for it. */
  record<T extends { readonly attempts: readonly Attempt[] }>(
    operation: () => Promise<T>,
    expectation: Expectation,
  ): Promise<{ readonly outcome: T; readonly sent: readonly SentRequest[] }>;
}

/** @param regionOf whose front door a URL names */
export const recordExchanges = (send: Fetch, regionOf: (url: URL) => string | undefined): Exchanges => {
  const running = new AsyncLocalStorage<Exchange[]>();
  return {
    fetch: async (url, init) => {
      const parsed = new URL(url);
      const exchange: Exchange = { region: regionOf(parsed), version: null, body: undefined };
      if (!OWN_PATHS.includes(parsed.pathname)) running.getStore()?.push(exchange);
      const answer = await send(url, init);
      exchange.version = answer.headers.get(HEADERS.version);
      const text = async (): Promise<string> => {
        const body = await answer.text();
        exchange.body = objectIn(body);
        return body;
      };
      return { status: answer.status, headers: answer.headers, text };
    },
    record: async (operation, expectation) => {
      const exchanges: Exchange[] = [];
      const outcome = await running.run(exchanges, operation);
      return { outcome, sent: sentOf(outcome.attempts, exchanges, expectation) };
    },
  };
};

/** Each region's attempts stand in the order in which they were sent, and so do its exchanges. */
const sentOf = (attempts: readonly Attempt[], exchanges: readonly Exchange[], expectation: Expectation): readonly SentRequest[] => {
  const waiting = new Map([...Map.groupBy(exchanges, (each) => each.region)].map(([region, group]) => [region, group.values()]));
  return attempts
    .toSorted((a, b) => a.startMs - b.startMs)
    .map((attempt) => sentRequestOf(attempt, waiting.get(attempt.region)?.next().value, expectation));
};

const sentRequestOf = (attempt: Attempt, exchange: Exchange | undefined, expectation: Expectation): SentRequest => {
  const { region, startMs, endMs } = attempt;
  const status = attempt.status ?? null;
  const answered = status !== null && servedStatus(status) && exchange?.body !== undefined;
  return {
    region,
    version: exchange?.version ?? null,
    status,
    startMs,
    endMs,
    end: answered ? 'answered' : attempt.result.startsWith('outrun by') ? 'overtaken' : 'failed',
    wrong: answered ? expectation({ region, status, body: exchange.body }) : null,
  };
};
