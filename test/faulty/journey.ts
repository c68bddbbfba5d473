/** What users and machines ask of a version, and what they were told: everything but what differs from run to run. */
import { HEALTHY_TEXT } from '../../functions/contract/names.ts';
import { ApiWorld } from '../functions/api-world.ts';
import type { TestKey } from '../functions/callers.ts';
import { HERE } from '../functions/lab.ts';
import type { FunctionProcess, Invoked } from '../support/function-process.ts';

export interface Step {
  readonly name: string;
  readonly kind: 'open' | 'read' | 'write';
  readonly status: number;
  readonly body: unknown;
  readonly invoked: Invoked;
}

/** Each request is repeated once where it is answered 5xx, as callers do. */
export class Journey {
  readonly steps: Step[] = [];
  readonly #function: FunctionProcess;
  readonly #token: string;
  /** Tells the runs' subjects, skus and keys apart. */
  readonly #run: string;

  constructor(given: { readonly process: FunctionProcess; readonly key: TestKey; readonly run: string }) {
    this.#function = given.process;
    this.#run = given.run;
    this.#token = given.key.token({ sub: `ann of ${given.run}` });
  }

  async machines(): Promise<void> {
    for (const path of ['/health', `/switch/${HERE}`, '/regions', '/openapi.json']) await this.#ask('open', 'GET', path);
  }

  /** Everything that users do, without a note, and what they are refused. */
  async users(): Promise<void> {
    const sku = `tea-of-${this.#run}`;
    const lines = [{ sku, quantity: 2 }];
    await this.#ask('write', 'POST', `/stock/${sku}/regions/${HERE}/receipts`, { quantity: 9 });
    const first = await this.#ask('write', 'POST', '/orders', { lines });
    const second = await this.#ask('write', 'POST', '/orders', { lines });
    await this.#ask('write', 'POST', `/orders/${first}/payments`, { amount: 250 });
    await this.#ask('write', 'POST', `/orders/${first}/shipments`, { carrier: 'post' });
    await this.#ask('write', 'POST', `/orders/${second}/cancellations`, {});
    await this.#ask('read', 'GET', `/orders/${first}`);
    await this.#ask('read', 'GET', `/orders/${second}`);
    await this.#ask('read', 'GET', '/orders');
    await this.#ask('read', 'GET', `/stock/${sku}`);
    await this.#ask('read', 'GET', '/stock/unheard-of');
    await this.#ask('read', 'GET', '/orders?limit=0');
  }

  /** An order with a note, which nothing else here has. */
  async withNote(): Promise<void> {
    await this.#ask('write', 'POST', '/orders', { lines: [{ sku: `tea-of-${this.#run}`, quantity: 1 }], note: 'ring twice' });
  }

  /** Answers the id of what was made. */
  async #ask(kind: Step['kind'], method: string, path: string, body?: unknown): Promise<string> {
    const event = events.event(method, path, { body, token: kind === 'open' ? null : this.#token });
    for (let attempt = 1; ; attempt += 1) {
      const invoked = await this.#function.invoke(event);
      const { status, text } = answerOf(invoked);
      this.steps.push({ name: this.#plain(`${method} ${path}`), kind, status, body: this.#shown(path, text), invoked });
      if (status < 500 || attempt === 2) return /"id":"(\w+)"/.exec(text)?.[1] ?? 'none';
    }
  }

  #shown(path: string, text: string): unknown {
    if (path === '/health') return text.includes(HEALTHY_TEXT);
    if (path === '/regions') return Object.keys(JSON.parse(text));
    return JSON.parse(this.#plain(text));
  }

  #plain(text: string): string {
    return text
      .replaceAll(/-of-[a-z-]+/g, '')
      .replaceAll(/\b[0-9a-f]{32}\b/g, 'ID')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
  }
}

/** Makes events; its own API is never asked. */
const events = new ApiWorld();

const answerOf = ({ answer }: Invoked): { readonly status: number; readonly text: string } => {
  const { statusCode, body }: { statusCode?: unknown; body?: unknown } = typeof answer === 'object' && answer !== null ? answer : {};
  return { status: Number(statusCode), text: String(body) };
};
