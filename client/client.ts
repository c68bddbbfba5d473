/**
 * The failover client: calls the API through several regions' own front doors, and needs neither DNS nor a control plane
 * to leave a region that is lost.
 *
 * How long a lost region is noticed: an attempt without an answer is joined after `hedgeAfterMs` by one in the next
 * region, so the slowest request takes that plus an ordinary request there; after `failuresToOpen` such operations the
 * region is passed by, and probed until it is back. A refused connection costs nothing.
 *
 * What is asked again, always under the key made once for the operation:
 * - failed connections, timeouts, 5xx, 408: the next region at once, then with backoff and full jitter;
 * - 429: the next region at once, this one after its Retry-After;
 * - 409 `wrong-region`: the region that it names;
 * - 412 of a region that has not heard of what an edit was made from: each other usable region once;
 * - 404 to a read: each other usable region once, since the thing may not have arrived here yet.
 * A write that was refused wherever it was sent (`out-of-stock`, 404) is left at that: see next-region.ts.
 * What a write was told (`Tandem-Token`) goes along with later requests about the same resource, to any region, and what
 * placed an order with later lists: a region that does not hold it yet waits a little, and then says that its answer is stale.
 * Every request after an operation's first comes out of the retry budget.
 */
import type { Regions } from '../functions/contract/answers.ts';
import { type FetchAnswer, readAnswer, readError, type Verdict } from './answer.ts';
import { RetryBudget } from './budget.ts';
import { type Endpoint, Fleet } from './fleet.ts';
import { Operation } from './operation.ts';
import type { Outcome } from './outcome.ts';
import { type Answer, type Body, type ClientRoute, HEALTH_PATH, pathOf, type Query, REGIONS_PATH, SIGNATURES } from './routes.ts';
import { type Runtime, systemRuntime } from './runtime.ts';
import { type ClientSettings, mergeSettings, type SettingsGiven } from './settings.ts';
import { TokenMemory } from './tokens.ts';

/** The part of `fetch` that the client uses. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchAnswer>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly redirect: 'error';
}

export interface ClientProps {
  /** In order of preference: the nearest first. */
  readonly endpoints: readonly Endpoint[];
  /** The bearer token, or what gives it; asked once for each operation, which rejects when it does. Absent: none is sent. */
  readonly token?: string | (() => string | Promise<string>);
  /** @default the global `fetch` */
  readonly fetch?: Fetch;
  /** @default see settings.ts; each number by itself */
  readonly settings?: SettingsGiven;
  /** @default the system's clock and chance */
  readonly runtime?: Runtime;
}

export interface CallOptions {
  /** Ends the operation; its outcome is then `unknown`. */
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends CallOptions {
  /** Keep one of your own when the operation must survive a crash of the caller. @default made anew */
  readonly idempotencyKey?: string;
  /** The same operation was sent before and its outcome is not known: a refusal is then no proof. @default false */
  readonly mayHaveRun?: boolean;
  /**
   * Waits until another region was seen to hold the write, for as long as the API allows; the outcome's `durability` says
   * whether one was. @default the write is done when its region holds it
   */
  readonly durability?: 'replicated';
}

/** What an edit of a record is made from: the `tag` of what was read or written last, or nothing for a new record. */
export type EditOptions = WriteOptions & ({ readonly ifMatch: string } | { readonly ifNoneMatch: '*' });

export class TandemClient {
  private readonly props: ClientProps;
  private readonly settings: ClientSettings;
  private readonly runtime: Runtime;
  private readonly fetch: Fetch;
  private readonly fleet: Fleet;
  private readonly budget: RetryBudget;
  private readonly tokens = new TokenMemory();

  /** @throws {Error} when no endpoint is given, or a region twice */
  constructor(props: ClientProps) {
    const names = props.endpoints.map((endpoint) => endpoint.region);
    if (names.length === 0) throw new Error('no endpoint is given; name at least one region');
    if (new Set(names).size !== names.length) throw new Error(`a region is given twice in ${names.join(', ')}; name each once`);
    this.props = props;
    this.settings = mergeSettings(props.settings);
    this.runtime = props.runtime ?? systemRuntime;
    this.fetch = props.fetch ?? ((url, init) => globalThis.fetch(url, init));
    this.budget = new RetryBudget(this.settings.budget);
    const scout = { healthy: (endpoint: Endpoint) => this.healthy(endpoint), regions: (endpoint: Endpoint) => this.regions(endpoint) };
    this.fleet = new Fleet(props.endpoints, this.settings, scout, this.runtime);
  }

  placeOrder(order: Body<'placeOrder'>, options: WriteOptions = {}): Promise<Outcome<Answer<'placeOrder'>>> {
    return this.write('placeOrder', {}, order, options);
  }

  getOrder(id: string, options: CallOptions = {}): Promise<Outcome<Answer<'getOrder'>>> {
    return this.read('getOrder', { id }, {}, options);
  }

  listOrders(query: Query<'listOrders'> = {}, options: CallOptions = {}): Promise<Outcome<Answer<'listOrders'>>> {
    return this.read('listOrders', {}, query, options);
  }

  payOrder(id: string, payment: Body<'payOrder'>, options: WriteOptions = {}): Promise<Outcome<Answer<'payOrder'>>> {
    return this.write('payOrder', { id }, payment, options);
  }

  shipOrder(id: string, shipment: Body<'shipOrder'>, options: WriteOptions = {}): Promise<Outcome<Answer<'shipOrder'>>> {
    return this.write('shipOrder', { id }, shipment, options);
  }

  cancelOrder(id: string, options: WriteOptions = {}): Promise<Outcome<Answer<'cancelOrder'>>> {
    return this.write('cancelOrder', { id }, {}, options);
  }

  getStock(sku: string, options: CallOptions = {}): Promise<Outcome<Answer<'getStock'>>> {
    return this.read('getStock', { sku }, {}, options);
  }

  /** Records units received; `region` books them, whichever region takes the request. */
  receiveStock(
    sku: string,
    region: string,
    receipt: Body<'receiveStock'>,
    options: WriteOptions = {},
  ): Promise<Outcome<Answer<'receiveStock'>>> {
    return this.write('receiveStock', { sku, region }, receipt, options);
  }

  getRecord(id: string, options: CallOptions = {}): Promise<Outcome<Answer<'getRecord'>>> {
    return this.read('getRecord', { id }, {}, options);
  }

  /**
   * Makes a record, or edits the state that has the tag. Of all who edit one state in one region one wins; the others are refused as
   * `precondition-failed` when the record has moved on: read it, put both together, and edit that.
   */
  putRecord(id: string, value: Body<'putRecord'>['value'], options: EditOptions): Promise<Outcome<Answer<'putRecord'>>> {
    const headers: Readonly<Record<string, string>> =
      'ifMatch' in options ? { 'if-match': `"${options.ifMatch}"` } : { 'if-none-match': options.ifNoneMatch };
    return this.run(pathOf(SIGNATURES.putRecord, { id }, {}), {
      method: 'PUT',
      headers,
      body: JSON.stringify({ value }),
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
      mayHaveRun: options.mayHaveRun ?? false,
      replicated: options.durability === 'replicated',
      signal: options.signal,
    });
  }

  getHistory(id: string, query: Query<'getHistory'> = {}, options: CallOptions = {}): Promise<Outcome<Answer<'getHistory'>>> {
    return this.read('getHistory', { id }, query, options);
  }

  private read<N extends ClientRoute>(
    route: N,
    params: Readonly<Record<string, string>>,
    query: Readonly<Record<string, string | undefined>>,
    options: CallOptions,
  ): Promise<Outcome<Answer<N>>> {
    return this.run(pathOf(SIGNATURES[route], params, query), {
      method: 'GET',
      body: undefined,
      idempotencyKey: undefined,
      mayHaveRun: false,
      replicated: false,
      signal: options.signal,
    });
  }

  private write<N extends ClientRoute>(
    route: N,
    params: Readonly<Record<string, string>>,
    body: Body<N>,
    options: WriteOptions,
  ): Promise<Outcome<Answer<N>>> {
    return this.run(pathOf(SIGNATURES[route], params, {}), {
      method: 'POST',
      body: JSON.stringify(body),
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
      mayHaveRun: options.mayHaveRun ?? false,
      replicated: options.durability === 'replicated',
      signal: options.signal,
    });
  }

  private async run<T>(path: string, call: Call): Promise<Outcome<T>> {
    const token = typeof this.props.token === 'function' ? await this.props.token() : this.props.token;
    this.fleet.maintain();
    const tokens = this.tokens.recall(path, this.runtime.now());
    const outcome = await new Operation({
      settings: call.replicated ? this.patient() : this.settings.operation,
      fleet: this.fleet,
      budget: this.budget,
      runtime: this.runtime,
      send: (member, signal) => this.send(`${member.url}${path}`, token, { ...call, tokens }, signal),
      write: call.method !== 'GET',
      idempotencyKey: call.idempotencyKey,
      mayHaveRun: call.mayHaveRun,
      signal: call.signal,
    }).run();
    if (outcome.kind !== 'ok') return outcome;
    const value: T = JSON.parse(outcome.value.body);
    if (outcome.value.token !== undefined) this.tokens.remember(path, value, outcome.value.token, this.runtime.now());
    return { ...outcome, value };
  }

  /** A region that waits for another does not hang. */
  private patient(): ClientSettings['operation'] {
    const { operation, replicatedMs } = this.settings;
    const { hedgeAfterMs, attemptTimeoutMs } = operation;
    return { ...operation, hedgeAfterMs: hedgeAfterMs + replicatedMs, attemptTimeoutMs: attemptTimeoutMs + replicatedMs };
  }

  private async send(url: string, token: string | undefined, call: Carrying, signal: AbortSignal): Promise<Verdict> {
    try {
      const headers: Record<string, string> = { accept: 'application/json', ...call.headers };
      if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
      if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
      if (call.tokens !== undefined) headers['tandem-token'] = call.tokens;
      if (call.replicated) headers['tandem-durability'] = 'replicated';
      if (call.body !== undefined) headers['content-type'] = 'application/json';
      const answer = await this.fetch(url, {
        method: call.method,
        headers,
        signal,
        redirect: 'error',
        ...(call.body === undefined ? {} : { body: call.body }),
      });
      return readAnswer(answer, await answer.text(), this.runtime.now());
    } catch (error) {
      return readError(error);
    }
  }

  private async healthy(endpoint: Endpoint): Promise<boolean> {
    const answer = await this.look(endpoint, HEALTH_PATH);
    return answer.status === 200;
  }

  private async regions(endpoint: Endpoint): Promise<Regions> {
    const answer = await this.look(endpoint, REGIONS_PATH);
    if (answer.status !== 200) throw new Error(`${endpoint.region} answered ${answer.status} to ${REGIONS_PATH}`);
    const regions: Regions = JSON.parse(answer.body);
    if (!Array.isArray(regions.regions)) throw new Error(`${endpoint.region} answered ${REGIONS_PATH} without regions`);
    return regions;
  }

  /** A request of the client's own, bounded by the time that an attempt may take. */
  private async look(endpoint: Endpoint, path: string): Promise<{ readonly status: number; readonly body: string }> {
    const signal = AbortSignal.timeout(this.settings.operation.attemptTimeoutMs);
    const answer = await this.fetch(`${endpoint.url}${path}`, {
      method: 'GET',
      headers: { accept: 'application/json' },
      signal,
      redirect: 'error',
    });
    return { status: answer.status, body: await answer.text() };
  }
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly mayHaveRun: boolean;
  readonly replicated: boolean;
  readonly signal: AbortSignal | undefined;
}

interface Carrying extends Call {
  /** Of earlier answers about the same resource, or to what was made in the list. */
  readonly tokens: string | undefined;
}
