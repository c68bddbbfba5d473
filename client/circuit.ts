/** What a client remembers about one region. */
import { backoffMs } from './runtime.ts';

export interface CircuitSettings {
  /** Failures in a row, each of another operation, that open the circuit. */
  readonly failuresToOpen: number;
  /** Ceiling of the wait before the first probe of an open circuit; doubles with each failed one. */
  readonly probeAfterMs: number;
  readonly probeAfterMaxMs: number;
}

/**
 * `closed`: used. `open`: passed by, and probed on `/health` with growing pauses. `trial`: the probe passed; one request
 * at a time is let through, and its answer decides.
 */
export type CircuitState = 'closed' | 'open' | 'trial';

export class Circuit {
  state: CircuitState = 'closed';
  private readonly settings: CircuitSettings;
  private readonly random: () => number;
  private failuresInRow = 0;
  private openings = 0;
  private probeAtMs = 0;
  private busy = false;
  private restUntilMs = 0;
  private failedAtMs = 0;

  constructor(settings: CircuitSettings, random: () => number) {
    this.settings = settings;
    this.random = random;
  }

  /** Whether a request may go here now. A trial admits one at a time. */
  usable(nowMs: number): boolean {
    return this.state === 'closed' ? !this.resting(nowMs) : this.state === 'trial' && !this.busy;
  }

  /** The region asked to be left alone for a while (429 or 503 with Retry-After). */
  resting(nowMs: number): boolean {
    return nowMs < this.restUntilMs;
  }

  rest(untilMs: number): void {
    this.restUntilMs = Math.max(this.restUntilMs, untilMs);
  }

  /** When the rest ends. */
  get restEndsMs(): number {
    return this.restUntilMs;
  }

  /** When a request failed last. */
  get failedMs(): number {
    return this.failedAtMs;
  }

  /** A request is sent. */
  sent(): void {
    if (this.state === 'trial') this.busy = true;
  }

  /** A definite answer. */
  succeeded(): void {
    this.state = 'closed';
    this.busy = false;
    this.failuresInRow = 0;
    this.openings = 0;
  }

  /** The caller gave up: nothing was learnt. */
  abandoned(): void {
    if (this.state === 'trial') this.busy = false;
  }

  /** No answer, or a 5xx. */
  failed(nowMs: number): void {
    this.failedAtMs = nowMs;
    // What was in flight when the circuit opened says nothing new.
    if (this.state === 'open') return;
    this.failuresInRow += 1;
    if (this.state === 'trial' || this.failuresInRow >= this.settings.failuresToOpen) this.open(nowMs);
  }

  /** True once when a probe is due; the caller must answer with `probed`. */
  startProbe(nowMs: number): boolean {
    if (this.state !== 'open' || this.busy || nowMs < this.probeAtMs) return false;
    this.busy = true;
    return true;
  }

  probed(healthy: boolean, nowMs: number): void {
    this.busy = false;
    // A request may have closed it meanwhile.
    if (this.state !== 'open') return;
    if (healthy) this.state = 'trial';
    else this.open(nowMs);
  }

  private open(nowMs: number): void {
    this.state = 'open';
    this.busy = false;
    this.probeAtMs =
      nowMs + backoffMs(this.openings, { baseMs: this.settings.probeAfterMs, ceilingMs: this.settings.probeAfterMaxMs }, this.random);
    this.openings += 1;
  }
}
