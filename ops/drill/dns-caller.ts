/** Callers that follow the shared name, with nothing of ours in between. */
import { Pool } from 'undici';
import { pathOf, SIGNATURES } from '../../client/routes.ts';
import { HEADERS } from '../../functions/contract/names.ts';
import type { Target } from '../targets/target.ts';
import { anything, type Caller, type CallerProps, CONNECTIONS_MAX, idOf, isMiss, objectIn } from './callers.ts';
import type { Expectation } from './expectations.ts';
import { type Action, isWrite, type Result, servedStatus } from './operations.ts';
import { ResolverCache, resolveName } from './resolver.ts';

const PLAIN_TIMEOUT_MS = 2_000;

/** Follows the shared name. One request, one timeout, no second try: what fails has failed. */
export const dnsCaller = (props: DnsCallerProps, target: Pick<Target, 'regions' | 'dns'>): Caller => {
  const { expect = () => anything, token } = props;
  const { dns } = target;
  if (!dns) throw new Error('the target has no shared name: configure a domain');
  const { protocol } = new URL(target.regions[0]?.url ?? 'http://none');
  const question = { name: dns.name, server: dns.server, subnet: dns.subnetNear(props.near) };
  const cache = new ResolverCache({ resolve: () => resolveName(question), now: Date.now, firstPart: props.firstPart });
  const pools = new Map<string, Pool>();
  /** Who answered at an address before: whose silence it is when nobody does. */
  const regionAt = new Map<string, string>();
  const poolFor = (address: string): Pool => {
    const known = pools.get(address);
    if (known) return known;
    const pool = new Pool(`${protocol}//${address}:${dns.port}`, {
      connections: CONNECTIONS_MAX,
      connect: { timeout: PLAIN_TIMEOUT_MS, servername: dns.name },
    });
    pools.set(address, pool);
    return pool;
  };
  const perform = async (action: Action): Promise<Result> => {
    const expectation = expect(action);
    let sentTo: { readonly address: string; readonly startMs: number } | undefined;
    try {
      const address = await cache.address();
      sentTo = { address, startMs: Date.now() };
      const answer = await poolFor(address).request({
        ...plainRequest(action, dns.name, token),
        signal: AbortSignal.timeout(PLAIN_TIMEOUT_MS),
      });
      const body = objectIn(await answer.body.text());
      const [region, version] = [textIn(answer.headers[HEADERS.region]), textIn(answer.headers[HEADERS.version])];
      if (region !== null) regionAt.set(address, region);
      const given = { region: region ?? regionAt.get(address) ?? null, version, status: answer.statusCode };
      return plainResult(action, { ...given, startMs: sentTo.startMs, body }, expectation);
    } catch (error) {
      return unanswered(action, codeOf(error), sentTo && { ...sentTo, region: regionAt.get(sentTo.address) ?? null });
    }
  };
  return { ...props, kind: 'dns', perform, close: async () => void (await Promise.all([...pools.values()].map((pool) => pool.destroy()))) };
};

export interface DnsCallerProps extends CallerProps {
  /** Part of the first answer's TTL that counts: see `ResolverCache`. */
  readonly firstPart: number;
}

const textIn = (header: string | string[] | undefined): string | null => (typeof header === 'string' ? header : null);

/** A request without any library of ours: what a caller sends who knows nothing but the shared name. */
const plainRequest = (action: Action, host: string, token: string) => {
  const signature = SIGNATURES[action.operation];
  const method: 'GET' | 'POST' = isWrite(action) ? 'POST' : 'GET';
  const headers: Record<string, string> = { host, authorization: `Bearer ${token}`, accept: 'application/json' };
  if (!isWrite(action)) return { method, path: pathOf(signature, paramsOf(action), {}), headers };
  headers['content-type'] = 'application/json';
  headers['idempotency-key'] = action.key;
  return { method, path: pathOf(signature, paramsOf(action), {}), headers, body: JSON.stringify(bodyOf(action)) };
};

const paramsOf = (action: Action): Readonly<Record<string, string>> => {
  switch (action.operation) {
    case 'placeOrder':
      return {};
    case 'getOrder':
    case 'payOrder':
      return { id: action.order };
    case 'getStock':
      return { sku: action.sku };
    case 'receiveStock':
      return { sku: action.sku, region: action.region };
  }
};

const bodyOf = (action: Extract<Action, { key: string }>): object => {
  switch (action.operation) {
    case 'placeOrder':
      return { lines: action.lines, ...(action.note === undefined ? {} : { note: action.note }) };
    case 'payOrder':
      return { amount: action.amount };
    case 'receiveStock':
      return { quantity: action.quantity };
  }
};

interface PlainAnswer {
  readonly region: string | null;
  readonly version: string | null;
  readonly status: number;
  readonly startMs: number;
  readonly body: object | undefined;
}

const plainResult = (action: Action, { region, version, status, startMs, body }: PlainAnswer, expectation: Expectation): Result => {
  const done = status >= 200 && status < 300;
  const served = done ? body !== undefined : servedStatus(status);
  const wrong = served ? expectation({ region, status, body }) : null;
  return {
    outcome: served ? 'ok' : isWrite(action) && (status >= 500 || done) ? 'unknown' : 'failed',
    region,
    status,
    id: done ? idOf(body) : null,
    missed: isMiss(action, status),
    attempts: 1,
    wrong,
    sent: [{ region, version, status, startMs, endMs: Date.now(), end: served ? 'answered' : 'failed', wrong }],
    detail: `status ${status}`,
  };
};

const unanswered = (
  action: Action,
  code: string,
  sentTo: { readonly startMs: number; readonly region: string | null } | undefined,
): Result => ({
  outcome: sentTo !== undefined && isWrite(action) && code !== 'ECONNREFUSED' ? 'unknown' : 'failed',
  region: null,
  status: null,
  id: null,
  missed: false,
  attempts: sentTo === undefined ? 0 : 1,
  wrong: null,
  sent:
    sentTo === undefined
      ? []
      : [{ region: sentTo.region, version: null, status: null, startMs: sentTo.startMs, endMs: Date.now(), end: 'failed', wrong: null }],
  detail: code,
});

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'error';
  return 'code' in error && typeof error.code === 'string' ? error.code : `${error.name}: ${error.message}`;
};
