/** One region of the toy system: the real rules over a memory store, behind a real socket. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { PROBLEMS } from '../../../functions/contract/problems.ts';
import type { Context, Outcome } from '../../../functions/core/context.ts';
import { canonical } from '../../../functions/core/hash.ts';
import { Hlc } from '../../../functions/core/hlc.ts';
import { isRecord } from '../../../functions/core/item.ts';
import { MemoryStore } from '../../../functions/core/memory-store.ts';
import { cancelOrder, payOrder, shipOrder } from '../../../functions/core/order-events.ts';
import { getOrder, placeOrder } from '../../../functions/core/orders.ts';
import { editRecord, getRecord } from '../../../functions/core/records.ts';
import { Secret } from '../../../functions/core/secrets.ts';
import { getStock, receiveStock } from '../../../functions/core/stock.ts';
import type { Value } from '../../../functions/core/store.ts';
import { namedIn, tokenOf } from '../../../functions/core/token.ts';
import { SUBJECT } from '../../../ops/drill/ledger.ts';
import type { Serving, ToyDeliveries } from './toy-deliveries.ts';

export const NAMES = ['eu-central-1', 'us-east-2'] as const;

/** The toy judges nobody. */
const SECRET = new Secret('toy');

interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** As a header. */
  readonly token?: Readonly<Record<string, string>>;
}

export class ToyRegion {
  readonly name: string;
  /** What DNS answers for it; it listens on a port of 127.0.0.1. */
  readonly dnsAddress: string;
  store = new MemoryStore();
  writer: string;
  swallows = false;
  lost = false;
  healthy = true;
  server: Server;
  port = 0;
  readonly deliveries: ToyDeliveries;

  constructor(name: string, dnsAddress: string, deliveries: ToyDeliveries) {
    this.name = name;
    this.deliveries = deliveries;
    this.dnsAddress = dnsAddress;
    this.writer = name;
    this.server = this.newServer();
  }

  async open(port: number): Promise<void> {
    this.server = this.newServer();
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    const bound = this.server.address();
    if (bound !== null && typeof bound !== 'string') this.port = bound.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  get context(): Context {
    return { store: this.store, clock: { now: Date.now }, hlc: new Hlc(), region: this.name, writer: this.writer, regions: NAMES };
  }

  private newServer(): Server {
    return createServer((request, response) => {
      if (!this.swallows) void this.handle(request, response);
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const serving = this.deliveries.serve(this.name);
    const body = await text(request);
    const answer = isProbe(request) ? undefined : await faultyAnswer(serving, body);
    if (answer !== undefined && answer.status >= 500) this.deliveries.failed(this.name, serving.version);
    const { status, body: right, token } = answer ?? (await this.answer(request, body));
    const headers = { 'content-type': 'application/json', 'tandem-region': this.name, ...token, ...this.stale(request) };
    // What ends before it can answer cannot say which version it was.
    response.writeHead(status, serving.fault === 'crash-on-start' ? headers : { ...headers, 'tandem-version': `toy+${serving.version}` });
    response.end(JSON.stringify(serving.fault === 'wrong-answers' && !isProbe(request) ? wrong(right) : right));
  }

  private async answer(request: IncomingMessage, body: string): Promise<Answer> {
    const path = (request.url ?? '').split('/').slice(1);
    const key = String(request.headers['idempotency-key']);
    const given: Value = body === '' ? {} : JSON.parse(body);
    const record = isRecord(given) ? given : {};
    const quantityOf = (value: Value | undefined): number => (typeof value === 'number' ? value : 0);
    const [first, second, third, fourth] = path.map(decodeURIComponent);
    if (first === 'health')
      return {
        status: 200,
        body: { verdict: 'pass', region: this.name, version: '1', writer: this.writer, reasons: [], checkedAt: new Date().toISOString() },
      };
    if (first === 'regions') return { status: 200, body: this.regions() };
    if (first === 'stock' && third === 'regions')
      return toAnswer(
        201,
        await receiveStock(this.context, {
          subject: SUBJECT,
          sku: second ?? '',
          region: fourth ?? '',
          key,
          quantity: quantityOf(record['quantity']),
        }),
      );
    if (first === 'stock') return toAnswer(200, await getStock(this.context, { subject: SUBJECT, sku: second ?? '' }));
    if (first === 'records') return this.record(request, second ?? '', { key, value: canonical(record['value'] ?? null) });
    if (third === 'shipments') return toAnswer(201, await shipOrder(this.context, { subject: SUBJECT, id: second ?? '', key }));
    if (third === 'cancellations') return toAnswer(202, await cancelOrder(this.context, { subject: SUBJECT, id: second ?? '' }));
    if (third === 'payments')
      return toAnswer(201, await payOrder(this.context, { subject: SUBJECT, id: second ?? '', key, amount: quantityOf(record['amount']) }));
    if (request.method === 'GET') return toAnswer(200, await getOrder(this.context, { subject: SUBJECT, id: second ?? '' }));
    const lines = Array.isArray(record['lines'])
      ? record['lines'].flatMap((line: Value) =>
          isRecord(line) ? [{ sku: String(line['sku']), quantity: quantityOf(line['quantity']) }] : [],
        )
      : [];
    const note = record['note'];
    const order = { lines, ...(typeof note === 'string' ? { note } : {}) };
    return toAnswer(201, await placeOrder(this.context, { subject: SUBJECT, key, request: order }));
  }

  /** At once: the toy waits for nothing. */
  private stale({ headers }: IncomingMessage): Readonly<Record<string, string>> {
    const keys = namedIn(String(headers['tandem-token'] ?? '')) ?? [];
    return keys.some((key) => this.store.peek(key) === undefined) ? { 'tandem-stale': 'true' } : {};
  }

  private async record({ method, headers }: IncomingMessage, id: string, given: { readonly key: string; readonly value: string }) {
    if (method === 'GET') return toAnswer(200, await getRecord(this.context, { subject: SUBJECT, id }));
    const parents = headers['if-match']?.slice(1, -1).split('.') ?? [];
    return toAnswer(201, await editRecord(this.context, { subject: SUBJECT, id, parents, ...given }));
  }

  private regions() {
    const one = (region: string) => ({
      region,
      writer: region,
      heartbeatAgeMs: 1_234,
      version: '1',
      verdict: 'pass',
      evacuate: false,
      writable: region === this.name ? true : null,
      url: null,
    });
    return { region: this.name, at: new Date().toISOString(), regions: NAMES.map(one) };
  }
}

const isProbe = ({ url = '' }: IncomingMessage): boolean => url === '/health' || url === '/regions';

const SLOW_MS = 1_800;
const broken = (status: number) => ({ status, body: { type: '/problems/internal', title: 'Broken', status, correlationId: 'toy' } });

/** What a faulty version answers; undefined: what a healthy one would, sooner or later. */
const faultyAnswer = async ({ fault }: Serving, body: string): Promise<Answer | undefined> => {
  if (fault === 'errors') return broken(500);
  if (fault === 'crash-on-start') return broken(502);
  if (fault === 'rare' && body.includes('"note"')) return broken(500);
  if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  return undefined;
};

/** Of the right shape, and about something else. */
const wrong = (body: unknown): unknown =>
  typeof body === 'object' && body !== null ? { ...body, sku: 'other', lines: [{ sku: 'other', quantity: 1 }], amount: 1 } : body;

const toAnswer = (success: number, outcome: Outcome<unknown>): Answer => {
  if (outcome.kind === 'done') {
    const token = tokenOf(outcome.carriers, SUBJECT, SECRET);
    return { status: success, body: outcome.value, ...(token === undefined ? {} : { token: { 'tandem-token': token } }) };
  }
  const { status, title } = PROBLEMS[outcome.code];
  return { status, body: { type: `/problems/${outcome.code}`, title, status, correlationId: 'toy' } };
};
