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
import { RetryBudget } from './budget.ts';
import { type Endpoint, Fleet } from './fleet.ts';
import { Operation } from './operation.ts';
import type { Outcome, Unknown } from './outcome.ts';
import { type Answer, type Body, type ClientRoute, pathOf, type Query, SIGNATURES } from './routes.ts';
import { inTime, type Runtime, systemRuntime } from './runtime.ts';
import { sendableBase, sendableJson, sendableKey, sendableStar, sendableTag, sendableToken } from './sendable.ts';
import { type ClientSettings, mergeSettings, type SettingsGiven } from './settings.ts';
import { TokenMemory } from './tokens.ts';
import { type Call, type Fetch, Wire } from './wire.ts';

export type { Fetch, FetchInit } from './wire.ts';

export interface ClientProps {
  /** In order of preference: the nearest first. */
  readonly endpoints: readonly Endpoint[];
  /**
   * The bearer token, or what gives it; asked once for each operation, within its time and its signal. The operation
   * rejects when it does. Absent: none is sent.
   */
  readonly token?: string | (() => string | Promise<string>);
  /** @default the global `fetch` */
  readonly fetch?: Fetch;
  /** @default see settings.ts; each number by itself */
  readonly settings?: SettingsGiven;
  /** @default the system's clocks and chance; each by itself */
  readonly runtime?: Partial<Runtime>;
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

/**
 * Each method ends with an outcome, whatever regions and networks do. It rejects only when nothing was sent: as
 * `Unsendable` where what was given cannot be sent as it is, and as the provider of the bearer token does.
 */
export class TandemClient {
  private readonly props: ClientProps;
  private readonly settings: ClientSettings;
  private readonly runtime: Runtime;
  private readonly fleet: Fleet;
  private readonly budget: RetryBudget;
  private readonly tokens: TokenMemory;
  private readonly wire: Wire;

  /** @throws {Error} when no endpoint is given, a region twice, or what is no base URL */
  constructor(props: ClientProps) {
    const names = props.endpoints.map((endpoint) => endpoint.region);
    if (names.length === 0) throw new Error('no endpoint is given; name at least one region');
    if (new Set(names).size !== names.length) throw new Error(`a region is given twice in ${names.join(', ')}; name each once`);
    this.props = props;
    this.settings = mergeSettings(props.settings);
    this.runtime = { ...systemRuntime, ...props.runtime };
    this.budget = new RetryBudget(this.settings.budget);
    this.tokens = new TokenMemory(names);
    this.wire = new Wire({
      fetch: props.fetch ?? ((url, init) => globalThis.fetch(url, init)),
      runtime: this.runtime,
      tokens: this.tokens,
      timeoutMs: this.settings.operation.attemptTimeoutMs,
      heard: (evacuated) => this.fleet.heard(evacuated),
    });
    const endpoints: readonly Endpoint[] = props.endpoints.map(({ region, url }) => ({ region, url: sendableBase(region, url) }));
    this.fleet = new Fleet(endpoints, this.settings, this.wire, this.runtime);
  }

  async placeOrder(order: Body<'placeOrder'>, options: WriteOptions = {}): Promise<Outcome<Answer<'placeOrder'>>> {
    return this.write('placeOrder', {}, order, { options, echo: { lines: order.lines, note: order.note } });
  }

  getOrder(id: string, options: CallOptions = {}): Promise<Outcome<Answer<'getOrder'>>> {
    return this.read('getOrder', { id }, {}, { options, echo: { id } });
  }

  listOrders(query: Query<'listOrders'> = {}, options: CallOptions = {}): Promise<Outcome<Answer<'listOrders'>>> {
    return this.read('listOrders', {}, query, { options, echo: {} });
  }

  async payOrder(id: string, payment: Body<'payOrder'>, options: WriteOptions = {}): Promise<Outcome<Answer<'payOrder'>>> {
    return this.write('payOrder', { id }, payment, { options, echo: { order: id, amount: payment.amount } });
  }

  async shipOrder(id: string, shipment: Body<'shipOrder'>, options: WriteOptions = {}): Promise<Outcome<Answer<'shipOrder'>>> {
    return this.write('shipOrder', { id }, shipment, { options, echo: { order: id, carrier: shipment.carrier } });
  }

  cancelOrder(id: string, options: WriteOptions = {}): Promise<Outcome<Answer<'cancelOrder'>>> {
    return this.write('cancelOrder', { id }, {}, { options, echo: { order: id } });
  }

  getStock(sku: string, options: CallOptions = {}): Promise<Outcome<Answer<'getStock'>>> {
    return this.read('getStock', { sku }, {}, { options, echo: { sku } });
  }

  /** Records units received; `region` books them, whichever region takes the request. */
  async receiveStock(
    sku: string,
    region: string,
    receipt: Body<'receiveStock'>,
    options: WriteOptions = {},
  ): Promise<Outcome<Answer<'receiveStock'>>> {
    return this.write('receiveStock', { sku, region }, receipt, { options, echo: { sku, region, quantity: receipt.quantity } });
  }

  getRecord(id: string, options: CallOptions = {}): Promise<Outcome<Answer<'getRecord'>>> {
    return this.read('getRecord', { id }, {}, { options, echo: { id } });
  }

  /**
   * Makes a record, or edits the state that has the tag. Of all who edit one state in one region one wins; the others are
   * refused as `precondition-failed`: the record has moved on. Read it, put both together, and edit that.
   */
  putRecord(id: string, value: Body<'putRecord'>['value'], options: EditOptions): Promise<Outcome<Answer<'putRecord'>>> {
    return this.write('putRecord', { id }, { value }, { options, echo: { id, value }, headers: () => preconditionOf(options) });
  }

  getHistory(id: string, query: Query<'getHistory'> = {}, options: CallOptions = {}): Promise<Outcome<Answer<'getHistory'>>> {
    return this.read('getHistory', { id }, query, { options, echo: { id } });
  }

  private async read<N extends ClientRoute>(
    route: N,
    params: Readonly<Record<string, string>>,
    query: Readonly<Record<string, string | undefined>>,
    { options, echo }: Given<CallOptions>,
  ): Promise<Outcome<Answer<N>>> {
    const path = pathOf(SIGNATURES[route], params, query);
    const call = { route, method: 'GET', path, headers: ACCEPT, body: undefined, replicated: false, echo };
    return this.run(call, { ...options, idempotencyKey: undefined });
  }

  private async write<N extends ClientRoute>(
    route: N,
    params: Readonly<Record<string, string>>,
    body: Body<N>,
    { options, echo, headers }: Given<WriteOptions>,
  ): Promise<Outcome<Answer<N>>> {
    const [method = 'POST'] = SIGNATURES[route].split(' ');
    const idempotencyKey = options.idempotencyKey === undefined ? crypto.randomUUID() : sendableKey(options.idempotencyKey);
    const replicated = options.durability === 'replicated';
    const call: Call = {
      route,
      method,
      path: pathOf(SIGNATURES[route], params, {}),
      headers: {
        ...ACCEPT,
        ...headers?.(),
        'content-type': 'application/json',
        'idempotency-key': idempotencyKey,
        ...(replicated ? { 'tandem-durability': 'replicated' } : {}),
      },
      body: sendableJson(body),
      replicated,
      echo,
    };
    return this.run(call, { ...options, idempotencyKey });
  }

  private async run<T>(call: Call, { idempotencyKey, mayHaveRun = false, signal }: RunOptions): Promise<Outcome<T>> {
    const startMs = this.runtime.monotonic();
    const bearer = await this.bearer(signal);
    if (bearer === undefined) return { ...NOTHING_SENT, reason: signal?.aborted ? 'aborted' : 'deadline', idempotencyKey, mayHaveRun };
    this.fleet.maintain();
    const { settings, runtime, fleet, budget } = this;
    const sent: Call = { ...call, headers: { ...call.headers, ...bearer } };
    const outcome = await new Operation({
      settings: settings.operation,
      fleet,
      budget,
      runtime,
      send: (member, until) => this.wire.send(member, sent, until),
      extraMs: (member) => this.extraMs(call, member),
      startMs,
      write: call.method !== 'GET',
      idempotencyKey,
      mayHaveRun,
      signal,
    }).run();
    if (outcome.kind !== 'ok') return outcome;
    const value: T = JSON.parse(outcome.value.body);
    const { region } = outcome;
    const { token } = outcome.value;
    if (token !== undefined) this.tokens.remember(call.path, { region, answer: value, token }, runtime.monotonic());
    return { ...outcome, value };
  }

  /** The header that says who calls; undefined: it was not known in time, or the caller gave up. */
  private async bearer(signal: AbortSignal | undefined): Promise<Readonly<Record<string, string>> | undefined> {
    const { token } = this.props;
    if (token === undefined) return {};
    if (typeof token !== 'function') return bearing(token);
    if (signal?.aborted) return undefined;
    const coming = Promise.resolve(token()).then(bearing);
    return inTime(coming, { withinMs: this.settings.operation.deadlineMs, signal, runtime: this.runtime });
  }

  /** A region that waits for what it was asked to wait for does not hang. */
  private extraMs({ path, replicated }: Call, { region }: Endpoint): number {
    const { replicatedMs, tokenWaitMs } = this.settings;
    const { waits } = this.tokens.recall(path, region, this.runtime.monotonic());
    return (replicated ? replicatedMs : 0) + (waits ? tokenWaitMs : 0);
  }
}

const ACCEPT = { accept: 'application/json' } as const;
const NOTHING_SENT = { kind: 'unknown', refusal: undefined, attempts: [] } as const satisfies Partial<Unknown>;

const bearing = (token: unknown) => ({ authorization: `Bearer ${sendableToken(token)}` });

const preconditionOf = (options: EditOptions): Readonly<Record<string, string>> =>
  'ifMatch' in options ? { 'if-match': `"${sendableTag(options.ifMatch)}"` } : { 'if-none-match': sendableStar(options.ifNoneMatch) };

interface Given<O> {
  readonly options: O;
  /** Fields of the answer that repeat what is asked. */
  readonly echo: Call['echo'];
  /** Further ones. */
  readonly headers?: () => Readonly<Record<string, string>>;
}

interface RunOptions extends CallOptions {
  readonly idempotencyKey: string | undefined;
  readonly mayHaveRun?: boolean;
}
