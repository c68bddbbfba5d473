/** The API in process, called as API Gateway calls it. */
import { randomUUID } from 'node:crypto';
import { Authenticator } from '../../functions/aws/authenticator.ts';
import type { Fetch } from '../../functions/aws/oidc-keys.ts';
import type { AuthSettings } from '../../functions/contract/names.ts';
import { ROUTES } from '../../functions/contract/routes.ts';
import { Hlc } from '../../functions/core/hlc.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { Monitor } from '../../functions/core/monitor.ts';
import { PeerMemory } from '../../functions/core/peer-memory.ts';
import { firstSecret, Secret } from '../../functions/core/secrets.ts';
import { type Store, StoreUnavailable } from '../../functions/core/store.ts';
import { Api, type Served } from '../../functions/http/api.ts';
import type { ApiAnswer, ApiEvent } from '../../functions/http/event.ts';
import { makeTestKey } from './callers.ts';

export interface Sent {
  readonly body?: unknown;
  /** Sent as it is. */
  readonly rawBody?: string;
  readonly base64?: boolean;
  readonly key?: string | null;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly resource?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

export interface ApiWorldProps {
  readonly data?: Store;
  readonly control?: Store;
  readonly auth?: AuthSettings;
  /** Of the OpenID Connect issuer's documents. */
  readonly fetch?: Fetch;
  readonly domain?: string;
  /** @default none */
  readonly origins?: readonly string[];
  readonly regions?: readonly string[];
  /** @default the first of REGIONS */
  readonly region?: string;
  /** The other region's replica. @default it does not answer */
  readonly peer?: Pick<Store, 'get'>;
  /** @default 100 */
  readonly tokenWaitMs?: number;
  /** @default 200 */
  readonly replicatedDeadlineMs?: number;
  /** @default timers */
  readonly pause?: (ms: number) => Promise<void>;
}

export const REGIONS = ['eu-central-1', 'us-east-2'] as const;

/** All regions of tests have the same: any of them can judge what another one signed. */
const SECRET_TEXT = 'the-secret-of-tests';
export const SECRET = new Secret(SECRET_TEXT);

export class ApiWorld {
  readonly region: string;
  readonly data: Store;
  readonly control: Store;
  readonly served: Served[] = [];
  /** Peers that a request wanted to know something of. */
  readonly askedPeers: string[] = [];
  readonly key = makeTestKey();
  /** Added to the machine's time. */
  aheadMs = 0;
  readonly #api: Api;
  readonly #auth: AuthSettings;

  constructor(props: ApiWorldProps = {}) {
    this.region = props.region ?? REGIONS[0];
    this.data = props.data ?? new MemoryStore();
    this.control = props.control ?? new MemoryStore();
    this.#auth = props.auth ?? { mode: 'keys' };
    const clock = { now: () => Date.now() + this.aheadMs };
    const regions = props.regions ?? REGIONS;
    const shared = { region: this.region, regions, version: '1.0.0+7', clock };
    const fetched = props.fetch === undefined ? {} : { fetch: props.fetch };
    const authenticator = new Authenticator({ settings: this.#auth, control: this.control, clock, ...fetched });
    this.#api = new Api({
      ...shared,
      store: this.data,
      monitor: new Monitor({ ...shared, data: this.data, control: this.control, newSecret: () => SECRET_TEXT }),
      hlc: new Hlc(),
      drainMs: 30_000,
      domain: props.domain,
      origins: props.origins ?? [],
      identify: (authorization) => authenticator.identify(authorization),
      pause: props.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
      memory: new PeerMemory(),
      peer: (region) => {
        this.askedPeers.push(region);
        return { region, get: async (key) => (props.peer ?? silent).get(key) };
      },
      tokenWaitMs: props.tokenWaitMs ?? 100,
      replicatedDeadlineMs: props.replicatedDeadlineMs ?? 200,
      report: (served) => this.served.push(served),
    });
  }

  /** Registers this world's key. The region has served before, and has a secret. */
  async start(): Promise<this> {
    await this.control.transact([{ action: 'put', item: this.key.item }]);
    await this.data.transact([{ action: 'put', item: firstSecret(this.region, SECRET_TEXT, Date.now()) }]);
    return this;
  }

  get(path: string, sent: Sent = {}): Promise<Answered> {
    return this.call('GET', path, sent);
  }

  /** With a fresh Idempotency-Key and a token for everything, unless told otherwise. */
  post(path: string, body: unknown, sent: Sent = {}): Promise<Answered> {
    return this.call('POST', path, { body, ...sent });
  }

  /** An edit of a record: of the state with this ETag; without one, a new record. */
  put(path: string, value: unknown, tag?: string, sent: Sent = {}): Promise<Answered> {
    const condition: Readonly<Record<string, string>> = tag === undefined ? { 'If-None-Match': '*' } : { 'If-Match': tag };
    return this.call('PUT', path, { body: { value }, ...sent, headers: { ...condition, ...sent.headers } });
  }

  async call(method: string, path: string, sent: Sent = {}): Promise<Answered> {
    const answer = await this.handle(this.event(method, path, sent));
    const body: Record<string, unknown> = answer.body === '' ? {} : JSON.parse(answer.body);
    return { status: answer.statusCode, headers: answer.headers, body, text: answer.body };
  }

  handle(event: ApiEvent): Promise<ApiAnswer> {
    return this.#api.handle(event, 'invocation-1');
  }

  /** A proxy event: single and multiple values, decoded path parameters, null for what is not there. */
  event(method: string, target: string, sent: Sent = {}): ApiEvent {
    const [path = '', query = ''] = target.split('?');
    const { resource, parameters } = resourceOf(path);
    const token = sent.token === undefined && this.#auth.mode === 'keys' ? this.key.token() : sent.token;
    const key = sent.key === undefined && method === 'POST' ? randomUUID() : sent.key;
    const text = sent.rawBody ?? (sent.body === undefined ? undefined : JSON.stringify(sent.body));
    const headers: Record<string, string> = {
      ...(text === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(key ? { 'Idempotency-Key': key } : {}),
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...sent.headers,
    };
    const pairs = [...new URLSearchParams(query)];
    const lists = Object.fromEntries(pairs.map(([name]) => [name, pairs.filter(([other]) => other === name).map(([, value]) => value)]));
    return {
      httpMethod: method,
      resource: sent.resource ?? resource,
      pathParameters: parameters,
      queryStringParameters: pairs.length > 0 ? Object.fromEntries(pairs) : null,
      multiValueQueryStringParameters: pairs.length > 0 ? lists : null,
      headers,
      multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      body: text === undefined ? null : sent.base64 ? Buffer.from(text).toString('base64') : text,
      isBase64Encoded: sent.base64 === true,
      requestContext: { requestId: 'gateway-1' },
    };
  }
}

const silent: Pick<Store, 'get'> = { get: () => new Promise(() => undefined) };

/** As API Gateway matches paths; what matches nothing keeps its path as resource. */
const resourceOf = (path: string): { readonly resource: string; readonly parameters: Record<string, string> | null } => {
  const parts = path.split('/');
  for (const { path: pattern } of Object.values(ROUTES)) {
    const wanted = pattern.split('/');
    if (wanted.length !== parts.length || !wanted.every((part, index) => part.startsWith('{') || part === parts[index])) continue;
    const parameters = wanted.flatMap((part, index) =>
      part.startsWith('{') ? [[part.slice(1, -1), unescaped(parts[index] ?? '')] as const] : [],
    );
    return { resource: pattern, parameters: parameters.length > 0 ? Object.fromEntries(parameters) : null };
  }
  return { resource: path, parameters: null };
};

const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** A store that does not answer while it is down. */
export class FailingStore implements Store {
  down = false;
  readonly #store = new MemoryStore();
  readonly get: Store['get'] = (...given) => this.#or(() => this.#store.get(...given));
  readonly query: Store['query'] = (...given) => this.#or(() => this.#store.query(...given));
  readonly listByOwner: Store['listByOwner'] = (...given) => this.#or(() => this.#store.listByOwner(...given));
  readonly transact: Store['transact'] = (...given) => this.#or(() => this.#store.transact(given[0]));

  async #or<T>(call: () => Promise<T>): Promise<T> {
    if (this.down) throw new StoreUnavailable('down for the test with secrets in it');
    return call();
  }
}
