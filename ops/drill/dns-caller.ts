/** Callers that follow the shared name, with nothing of ours in between. */
import { Pool } from 'undici';
import { pathOf, SIGNATURES } from '../../client/routes.ts';
import type { Target } from '../targets/target.ts';
import { type Caller, type CallerProps, CONNECTIONS_MAX, idOf, isMiss } from './callers.ts';
import { type Action, isWrite, type Result, servedStatus } from './operations.ts';
import { ResolverCache, resolveName } from './resolver.ts';

const PLAIN_TIMEOUT_MS = 2_000;

/** Follows the shared name. One request, one timeout, no second try: what fails has failed. */
export const dnsCaller = (props: CallerProps & { readonly firstPart: number }, target: Pick<Target, 'regions' | 'dns'>): Caller => {
  const { dns } = target;
  if (!dns) throw new Error('the target has no shared name: configure a domain');
  const { protocol } = new URL(target.regions[0]?.url ?? 'http://none');
  const question = { name: dns.name, server: dns.server, subnet: dns.subnetNear(props.near) };
  const cache = new ResolverCache({ resolve: () => resolveName(question), now: Date.now, firstPart: props.firstPart });
  const pools = new Map<string, Pool>();
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
    let sent = false;
    try {
      const pool = poolFor(await cache.address());
      sent = true;
      const answer = await pool.request({ ...plainRequest(action, dns.name, props.token), signal: AbortSignal.timeout(PLAIN_TIMEOUT_MS) });
      const body = await answer.body.text();
      const region = answer.headers['tandem-region'];
      return plainResult(action, answer.statusCode, body, typeof region === 'string' ? region : null);
    } catch (error) {
      const failed = { region: null, status: null, id: null, missed: false, attempts: sent ? 1 : 0, detail: codeOf(error) };
      return { ...failed, outcome: sent && isWrite(action) && codeOf(error) !== 'ECONNREFUSED' ? 'unknown' : 'failed' };
    }
  };
  return { ...props, kind: 'dns', perform, close: async () => void (await Promise.all([...pools.values()].map((pool) => pool.destroy()))) };
};

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
      return { lines: action.lines };
    case 'payOrder':
      return { amount: action.amount };
    case 'receiveStock':
      return { quantity: action.quantity };
  }
};

const plainResult = (action: Action, status: number, body: string, region: string | null): Result => {
  const done = status >= 200 && status < 300;
  const value = done ? parse(body) : undefined;
  const served = done ? value !== undefined : servedStatus(status);
  return {
    outcome: served ? 'ok' : isWrite(action) && (status >= 500 || done) ? 'unknown' : 'failed',
    region,
    status,
    id: idOf(value),
    missed: isMiss(action, status),
    attempts: 1,
    detail: `status ${status}`,
  };
};

const parse = (body: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
};

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'error';
  return 'code' in error && typeof error.code === 'string' ? error.code : `${error.name}: ${error.message}`;
};
