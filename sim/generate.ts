/** Draws schedules. What happens together is drawn close together: conflicts need requests that cross, not many requests. */

import { BEAT_GAP_MS_MAX } from '../functions/core/operations.ts';
import type { Line } from '../functions/core/order-fold.ts';
import type { Attempt, Call } from './caller.ts';
import type { Crash } from './invocation.ts';
import type { EditWish, Wish } from './memory.ts';
import { mix, Random } from './random.ts';
import type { OrderName } from './requests.ts';
import { restocking } from './restocking.ts';
import { ACT_MS, type Entry, type Fault, type Reclaim, type Schedule } from './schedule.ts';

const REGIONS = ['a', 'b', 'c'];
/** Calls and faults of a schedule at least: what is measured in schedules a minute must be worth a schedule. */
const CALLS_MIN = 20;
const FAULTS_MIN = 3;
/** Share of the acts in which stock is short where it is asked for. */
const HUNGER = 0.3;
/** Share of the acts in which somebody asks for more than there is, again and again. */
const GREED = 0.25;
/** Share of the acts in which callers mostly edit records. */
const EDITING = 0.3;
/** Parts of a second between two callers' looks at a record and their claims of it. */
const CLAIM_MS = 400;
/** Share of the acts in which callers claim a record. */
const CLAIMS = 0.15;
/** Share of the reads that bring tokens. */
const CARRYING = 0.5;
/** Share of the calls that ask for a peer. */
const REPLICATED = 0.2;
/** Callers with a memory of their own. */
const CALLERS = 3;
/** Share of the losses whose stock is reclaimed before the region is rebuilt. */
const RECLAIM = 0.4;
/** Share of those that nobody rebuilds before the world has come to rest. */
const STAYS_CLOSED = 0.5;
/** Share of the acts that lose a region beside what else they draw. */
const LOSS = 0.2;

/** Chance of its own for what stands beside the rest of a schedule, which is as it would be without it. */
const CLAIMS_STREAM = 0xc1a1;

/** The schedule of a number, of a run's seed. */
export const generate = (runSeed: number, number: number): Schedule => new Generator(mix(runSeed, number)).schedule();

class Generator {
  readonly #random: Random;
  readonly #seed: number;
  readonly #entries: Entry[] = [];
  readonly #regions: readonly string[];
  readonly #skus: readonly string[];
  readonly #orders: readonly OrderName[];
  readonly #acts: number;
  #calls = 0;
  #keys = 0;
  #payments: { readonly order: OrderName; readonly key: string; readonly amount: number }[] = [];
  #receipts: { readonly sku: string; readonly region: string; readonly key: string; readonly quantity: number }[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#regions = REGIONS.slice(0, this.#random.chance(0.55) ? 2 : 3);
    this.#skus = this.#random.chance(0.6) ? ['tea'] : ['tea', 'cup'];
    this.#orders = Array.from({ length: this.#random.whole(3, 6) }, (_, index) => ({
      subject: this.#random.chance(0.85) ? 'ann' : 'bob',
      key: `order-${index + 1}`,
    }));
    this.#acts = this.#random.chance(0.6) ? 2 : 1;
  }

  schedule(): Schedule {
    for (let act = 0; act < this.#acts; act += 1) this.#act(act);
    const random = new Random(mix(this.#seed, CLAIMS_STREAM));
    for (let act = 0; act < this.#acts; act += 1) if (random.chance(CLAIMS)) this.#claim(act, random);
    for (let act = 0; act < this.#acts; act += 1) if (this.#random.chance(GREED)) this.#greed(act);
    for (const { act, atMs, call } of restocking(this.#seed, { acts: this.#acts, regions: this.#regions, skus: this.#skus }))
      this.#entries.push({ id: this.#entries.length, act, atMs, kind: 'call', call });
    return { seed: this.#seed, regions: this.#regions, acts: this.#acts, entries: this.#entries };
  }

  #act(act: number): void {
    const random = this.#random;
    const focus = this.#orders.map(() => random.whole(600, ACT_MS * 0.6));
    const editing = random.chance(EDITING);
    for (let count = act === 0 ? random.whole(2, 4) : 1; count > 0; count -= 1)
      this.#call(act, random.whole(0, 500), this.#receipt(random.whole(2, 9)));
    if (random.chance(HUNGER)) this.#hunger(act, random.whole(600, ACT_MS * 0.6));
    const least = Math.ceil((CALLS_MIN / this.#acts) * (act + 1));
    for (let count = random.whole(6, 10); count > 0 || this.#calls < least; count -= 1) {
      const index = random.whole(0, this.#orders.length - 1);
      const [order, aroundMs] = [this.#orders[index], focus[index]];
      if (order === undefined || aroundMs === undefined) continue;
      const atMs = aroundMs + random.delayMs(random.pick([30, 300, 1_000])) / 2;
      const wish = random.chance(editing ? 0.75 : 0.04) ? this.#record(order) : this.#wish(order);
      const who = random.whole(1, CALLERS);
      this.#call(act, Math.min(atMs, ACT_MS), wish, { who });
      if (random.chance(0.3)) this.#call(act, Math.min(atMs + random.delayMs(100), ACT_MS), this.#echo(wish), { who });
    }
    const faults = random.whole(Math.ceil(FAULTS_MIN / this.#acts), 4);
    for (let count = 0; count < faults; count += 1) this.#fault(act, this.#drawFault(act));
    // What is lost with a region depends on the moment more than on anything else: it takes many.
    if (!this.#hasLoss(act) && random.chance(LOSS)) this.#fault(act, this.#loss(random.pick(this.#regions)));
  }

  /** One region is asked again and again for what it does not have, while another one gets some, bit by bit. */
  #hunger(act: number, aroundMs: number): void {
    const random = this.#random;
    const [hungry = 'a', fed = 'b'] = random.shuffled(this.#regions);
    const sku = random.pick(this.#skus);
    const at = (region: string): readonly Attempt[] => [{ region, patienceMs: 1_000, lost: 'no' }];
    for (let count = random.whole(3, 6); count > 0; count -= 1) {
      const order = random.pick(this.#orders);
      const lines = [{ sku, quantity: random.whole(3, 6) }];
      this.#call(act, aroundMs + random.whole(0, 400), { kind: 'place', order, lines, note: undefined }, { attempts: at(hungry) });
    }
    for (let count = random.whole(3, 6); count > 0; count -= 1) {
      this.#keys += 1;
      const receipt = { sku, region: fed, key: `receipt-${this.#keys}`, quantity: random.whole(2, 6) };
      this.#call(act, aroundMs + random.whole(0, 600), { kind: 'receive', ...receipt }, { attempts: at(fed) });
    }
  }

  /** Several callers look at a record in one region, and each makes the same edit of what it saw, as who takes a lock. */
  #claim(act: number, random: Random): void {
    const record = { subject: 'ann', id: 'list' };
    const attempts: readonly Attempt[] = [{ region: random.pick(this.#regions), patienceMs: 1_000, lost: 'no' }];
    const aroundMs = random.whole(600, ACT_MS * 0.6);
    const claim: Wish = { kind: 'edit', record, from: 'seen', value: 'true' };
    for (let who = 1; who <= CALLERS; who += 1) {
      const rest = { who, attempts, carries: false, replicated: false };
      for (const [wish, laterMs] of [
        [{ kind: 'record', record }, 0],
        [claim, CLAIM_MS],
      ] as const) {
        const call: Call = { ...rest, wish };
        this.#entries.push({ id: this.#entries.length, act, atMs: aroundMs + laterMs + random.whole(0, 60), kind: 'call', call });
      }
    }
  }

  /** Orders that nobody needs filled: what they are refused must take nothing from others. */
  #greed(act: number): void {
    const random = this.#random;
    const region = random.pick(this.#regions);
    const sku = random.pick(this.#skus);
    for (let count = random.whole(2, 6); count > 0; count -= 1) {
      this.#keys += 1;
      const order = { subject: 'eve', key: `order-${this.#keys}` };
      const lines = [{ sku, quantity: random.pick([random.whole(6, 12), random.whole(6, 30), 1_000_000]) }];
      const attempts = [{ region, patienceMs: 1_000, lost: 'no' }] as const;
      this.#call(act, random.whole(1_000, ACT_MS), { kind: 'place', order, lines, note: undefined }, { attempts });
    }
  }

  /** The same request again, or now and then another under the same key. */
  #echo(wish: Wish): Wish {
    const random = this.#random;
    if (wish.kind === 'edit') return random.chance(0.6) ? { ...wish, from: 'again' } : wish;
    if (random.chance(0.8)) return wish;
    switch (wish.kind) {
      case 'place':
        return { ...wish, lines: this.#lines(), note: random.chance(0.3) ? 'gift' : wish.note };
      case 'pay':
        return { ...wish, amount: wish.amount + 1 };
      case 'receive':
        return { ...wish, region: random.pick(this.#regions) };
      default:
        return wish;
    }
  }

  /** Of a subject's one record: all that its callers do to it crosses. */
  #record({ subject }: OrderName): Wish {
    const random = this.#random;
    const record = { subject, id: 'list' };
    const draw = random.whole(1, 100);
    if (draw <= 40) return { kind: draw <= 30 ? 'record' : 'history', record };
    const from: EditWish['from'] = draw <= 85 ? 'seen' : draw <= 90 ? 'before' : draw <= 95 ? 'nothing' : 'again';
    // Few values: what was there before comes again.
    return { kind: 'edit', record, from, value: random.pick(['1', '2', '3']) };
  }

  #wish(order: OrderName): Wish {
    const random = this.#random;
    const draw = random.whole(1, 100);
    if (draw <= 42) return { kind: 'place', order, lines: this.#lines(), note: random.chance(0.15) ? 'gift' : undefined };
    if (draw <= 54) return { kind: 'pay', ...this.#payment(order) };
    if (draw <= 68) return { kind: 'ship', order, key: `ship-${random.whole(1, 3)}`, carrier: 'van' };
    if (draw <= 80) return { kind: 'cancel', order, key: `stop-${random.whole(1, 2)}` };
    if (draw <= 88) return this.#receipt(random.whole(1, 6));
    if (draw <= 94) return { kind: 'order', order };
    if (draw <= 97) return { kind: 'orders', subject: order.subject };
    return { kind: 'stock', sku: random.pick(this.#skus) };
  }

  #lines(): readonly Line[] {
    const lines = this.#skus.flatMap((sku) => (this.#random.chance(0.65) ? [{ sku, quantity: this.#random.whole(1, 4) }] : []));
    return lines.length > 0 ? lines : [{ sku: 'tea', quantity: this.#random.whole(1, 3) }];
  }

  #payment(order: OrderName): { readonly order: OrderName; readonly key: string; readonly amount: number } {
    const known = this.#payments.filter((each) => each.order === order);
    if (known.length > 0 && this.#random.chance(0.4)) return this.#random.pick(known);
    this.#keys += 1;
    // Few amounts: two payments of one amount are two payments.
    const payment = { order, key: `pay-${this.#keys}`, amount: this.#random.pick([5, 5, 10]) };
    this.#payments.push(payment);
    return payment;
  }

  #receipt(quantity: number): Wish {
    const known = this.#receipts;
    if (known.length > 0 && this.#random.chance(0.3)) return { kind: 'receive', ...this.#random.pick(known) };
    this.#keys += 1;
    const receipt = {
      sku: this.#random.pick(this.#skus),
      region: this.#random.pick(this.#regions),
      key: `receipt-${this.#keys}`,
      quantity,
    };
    this.#receipts.push(receipt);
    return { kind: 'receive', ...receipt };
  }

  #call(act: number, atMs: number, wish: Wish, { who = 1, attempts = this.#attempts() }: Partial<Call> = {}): void {
    const random = this.#random;
    this.#calls += 1;
    const reads = wish.kind === 'order' || wish.kind === 'orders' || wish.kind === 'stock' || wish.kind === 'record';
    const carries = random.chance(reads ? CARRYING : CARRYING / 5);
    const call: Call = { who, wish, attempts, carries, replicated: random.chance(REPLICATED) };
    this.#entries.push({ id: this.#entries.length, act, atMs, kind: 'call', call });
  }

  #attempts(): readonly Attempt[] {
    const random = this.#random;
    const order = random.shuffled(this.#regions);
    return Array.from({ length: random.pick([1, 2, 2, 3]) }, (_, index) => ({
      region: (random.chance(0.2) ? order[0] : order[index % order.length]) ?? 'a',
      patienceMs: random.pick([30, 100, 300, 1_000]),
      lost: random.chance(0.05) ? 'request' : random.chance(0.12) ? 'answer' : 'no',
    }));
  }

  #fault(act: number, fault: Fault): void {
    const atMs = fault.kind === 'skew' ? 0 : this.#random.whole(0, ACT_MS * 0.8);
    this.#entries.push({ id: this.#entries.length, act, atMs, kind: 'fault', fault });
  }

  #drawFault(act: number): Fault {
    const random = this.#random;
    const [region = 'a', other = 'b'] = random.shuffled(this.#regions);
    const forMs = random.whole(300, ACT_MS);
    const draw = random.whole(1, 100);
    if (draw <= 28) return { kind: 'partition', from: region, to: other, bothWays: random.chance(0.6), forMs };
    if (draw <= 38) return { kind: 'freeze', region, forMs: random.chance(0.2) ? BEAT_GAP_MS_MAX + forMs : forMs };
    if (draw <= 58) return this.#crash(act) ?? { kind: 'late', region, forMs };
    if (draw <= 66) return { kind: 'outage', region, forMs: forMs / 4, applies: random.chance(0.6) };
    if (draw <= 73) return { kind: 'flaky', region, forMs };
    if (draw <= 80) return { kind: 'late', region, forMs };
    if (draw <= 93) return this.#hasLoss(act) ? { kind: 'freeze', region, forMs } : this.#loss(region);
    if (draw <= 96) return { kind: 'evacuation', region, through: other, forMs };
    return act === 0 ? { kind: 'skew', region, skewMs: random.pick([-1, 1]) * random.delayMs(400) } : { kind: 'flaky', region, forMs };
  }

  #crash(act: number): Fault | undefined {
    const calls = this.#entries.filter((entry) => entry.act === act && entry.kind === 'call');
    const crash = { step: this.#random.whole(1, 5), applied: this.#random.chance(0.6) };
    return calls.length === 0
      ? undefined
      : { kind: 'crash', call: this.#random.pick(calls).id, attempt: this.#random.pick([0, 0, 0, 1]), crash };
  }

  #reclaim(): Reclaim {
    const random = this.#random;
    const crashes = this.#deaths(random.pick([0, 0, 1, 2]));
    return { crashes, abandoned: crashes.length > 0 && random.chance(0.4), thenMs: random.whole(100, 8_000) };
  }

  /** Where an operator's machine dies. */
  #deaths(count: number): readonly Crash[] {
    return Array.from({ length: count }, () => ({ step: this.#random.whole(1, 30), applied: this.#random.chance(0.5) }));
  }

  #hasLoss(act: number): boolean {
    return this.#entries.some((entry) => entry.act === act && entry.kind === 'fault' && entry.fault.kind === 'loss');
  }

  #loss(region: string): Fault {
    const random = this.#random;
    const rebuildAfterMs = random.whole(500, 6_000);
    const crashes = this.#deaths(random.pick([0, 1, 1, 2]));
    const zombieAfterMs = random.chance(0.4)
      ? random.pick([random.whole(200, 12_000), BEAT_GAP_MS_MAX + random.whole(1_000, 20_000)])
      : undefined;
    const reclaims = random.chance(RECLAIM) ? Array.from({ length: random.pick([1, 1, 2]) }, () => this.#reclaim()) : [];
    const staysClosed = reclaims.at(-1)?.abandoned === false && random.chance(STAYS_CLOSED);
    const outOfReach = random.fork(this.#entries.length).chance(0.5);
    return { kind: 'loss', region, zombieAfterMs, rebuildAfterMs, reclaims, staysClosed, crashes, outOfReach };
  }
}
