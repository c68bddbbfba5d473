/** What happened, in order, for drills and their reports. In memory: a drill reads it while the system runs. */
import type { LocalEvent } from './control/api.ts';
import type { Route53Event } from './route53/route53.ts';

/** An event before it has its number. */
export type NewEvent = LocalEvent extends infer Each ? (Each extends LocalEvent ? Omit<Each, 'id'> : never) : never;

const EVENTS_MAX = 100_000;
const PAGE_EVENTS_MAX = 1_000;

export class EventLog {
  readonly #events: LocalEvent[] = [];
  readonly #onEvent: (event: LocalEvent) => void;
  #count = 0;

  constructor(onEvent: (event: LocalEvent) => void) {
    this.#onEvent = onEvent;
  }

  add(event: NewEvent): void {
    this.#count += 1;
    const numbered: LocalEvent = { ...event, id: this.#count };
    this.#events.push(numbered);
    if (this.#events.length > EVENTS_MAX) this.#events.shift();
    this.#onEvent(numbered);
  }

  /** At most 1,000 events after the one with this id, oldest first. */
  after(id: number): readonly LocalEvent[] {
    const first = this.#events[0]?.id ?? 1;
    const start = Math.max(0, id + 1 - first);
    return this.#events.slice(start, start + PAGE_EVENTS_MAX);
  }
}

/** As an event of the system; undefined for names other than the shared one, which never lead elsewhere. */
export const eventOfRoute53 = (event: Route53Event, sharedName: string): NewEvent | undefined => {
  const atMs = Date.now();
  if (event.kind === 'check') return { ...event, atMs };
  if (event.name !== sharedName) return undefined;
  const { kind, near, addresses } = event;
  const detail = `${sharedName} is ${addresses.join(', ') || 'nowhere'} for callers near ${near}`;
  return { kind, region: near, addresses, atMs, detail };
};
