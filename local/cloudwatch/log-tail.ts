/** Follows log groups: every event once, also where many have the same timestamp, and also across pages and failures. */

export interface LogEvent {
  readonly stream: string;
  readonly atMs: number;
  readonly message: string;
}

export interface LogPage {
  readonly events: readonly LogEvent[];
  /** There are more events than these, after the last of them. */
  readonly truncated: boolean;
}

/** Events of a log group from a time on, in order of their time. @throws when it cannot be read now */
export type ReadLog = (logGroup: string, fromMs: number) => Promise<LogPage>;

/** Events may become visible this much later than others with a later timestamp: they are written by threads. */
const OVERLAP_MS = 5_000;
/** Of one group at one turn; the rest follows at the next. */
const PAGES_MAX = 20;

/** One log group. Which events were seen is kept for the overlap only. */
export class LogTail {
  readonly #logGroup: string;
  readonly #read: ReadLog;
  #latestMs: number;
  /** Number of events seen, by stream and timestamp. Within a stream events keep their order. */
  #seen = new Map<string, { readonly atMs: number; count: number }>();

  constructor(logGroup: string, startMs: number, read: ReadLog) {
    this.#logGroup = logGroup;
    this.#latestMs = startMs + OVERLAP_MS;
    this.#read = read;
  }

  /** What came since the last call. `onEvent` is called for each event once, even when a later page fails. @throws as `ReadLog` */
  async poll(onEvent: (event: LogEvent) => void): Promise<void> {
    let fromMs = this.#latestMs - OVERLAP_MS;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const { events, truncated } = await this.#read(this.#logGroup, fromMs);
      for (const event of this.#fresh(events)) onEvent(event);
      fromMs = events.at(-1)?.atMs ?? fromMs;
      if (!truncated) break;
    }
    for (const [key, { atMs }] of this.#seen) if (atMs < this.#latestMs - OVERLAP_MS) this.#seen.delete(key);
  }

  #fresh(events: readonly LogEvent[]): readonly LogEvent[] {
    const inPage = new Map<string, number>();
    return events.filter(({ stream, atMs }) => {
      const key = `${atMs} ${stream}`;
      const ordinal = (inPage.get(key) ?? 0) + 1;
      inPage.set(key, ordinal);
      const seen = this.#seen.get(key) ?? { atMs, count: 0 };
      if (ordinal <= seen.count) return false;
      this.#seen.set(key, { atMs, count: ordinal });
      this.#latestMs = Math.max(this.#latestMs, atMs);
      return true;
    });
  }
}
