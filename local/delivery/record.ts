/** What is known of a delivery, and told as it goes on. */
import type { Delivery, RegionDelivery, RegionDeliveryState } from '../../functions/contract/delivery.ts';
import type { EventLog } from '../events.ts';

export type RegionUpdate = Partial<Omit<RegionDelivery, 'region' | 'startedAtMs' | 'endedAtMs'>>;

/** Their waves never began. */
const LEFT_OUT: ReadonlySet<RegionDeliveryState> = new Set(['waiting', 'skipped', 'cancelled']);
const ENDED: ReadonlySet<RegionDeliveryState> = new Set(['succeeded', 'unchanged', 'failed', 'skipped', 'cancelled']);

export class DeliveryRecord {
  readonly #events: Pick<EventLog, 'add'>;
  #delivery: Delivery;

  /** @param regions in the order of the waves */
  constructor(id: string, regions: readonly string[], events: Pick<EventLog, 'add'>) {
    this.#events = events;
    const startedAtMs = Date.now();
    this.#delivery = {
      id,
      state: 'running',
      startedAtMs,
      endedAtMs: null,
      detail: 'the app is synthesized',
      regions: regions.map(waiting),
    };
  }

  get delivery(): Delivery {
    return this.#delivery;
  }

  /** The order is known only when the app is synthesized. */
  reorder(regions: readonly string[]): void {
    const place = ({ region }: RegionDelivery): number => regions.indexOf(region);
    this.#delivery = { ...this.#delivery, regions: this.#delivery.regions.toSorted((a, b) => place(a) - place(b)) };
  }

  say(detail: string): void {
    this.#delivery = { ...this.#delivery, detail };
  }

  update(region: string, update: RegionUpdate): void {
    const atMs = Date.now();
    this.#delivery = {
      ...this.#delivery,
      regions: this.#delivery.regions.map((each) => {
        if (each.region !== region) return each;
        const state = update.state ?? each.state;
        const next = { ...each, ...update, startedAtMs: LEFT_OUT.has(state) ? null : (each.startedAtMs ?? atMs) };
        return ENDED.has(next.state) ? { ...next, percent: endPercent(next), endedAtMs: each.endedAtMs ?? atMs } : next;
      }),
    };
    const told = this.#delivery.regions.find((each) => each.region === region);
    if (told === undefined) return;
    const { state, deploymentId, to, percent, detail } = told;
    this.#events.add({ kind: 'delivery', region, state, deploymentId, to, percent, detail, atMs });
  }

  end(state: 'succeeded' | 'failed', detail: string): void {
    for (const { region, state: at } of this.#delivery.regions) if (at === 'waiting') this.update(region, { state: 'cancelled', detail });
    this.#delivery = { ...this.#delivery, state, detail, endedAtMs: Date.now() };
  }
}

const waiting = (region: string): RegionDelivery => ({
  region,
  state: 'waiting',
  deploymentId: null,
  from: null,
  to: null,
  percent: 0,
  detail: 'its wave has not begun',
  startedAtMs: null,
  endedAtMs: null,
});

/** What the new version gets when all is over. */
const endPercent = ({ state }: RegionDelivery): number => (state === 'succeeded' ? 100 : 0);
