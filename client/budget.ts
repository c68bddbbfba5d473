/**
 * How many extra requests (retries and hedges) a client may send. Without it, a region that answers slowly makes every
 * caller send everything twice, just when there is least room for it.
 */
export interface BudgetSettings {
  /** Extra requests for each first request. */
  readonly ratio: number;
  /** Extra requests a second that are allowed whatever the traffic: a quiet client must be able to retry, too. */
  readonly reservePerSecond: number;
  /** Seconds over which requests and extra requests are counted. */
  readonly windowSeconds: number;
}

interface Slot {
  second: number;
  first: number;
  extra: number;
}

/**
 * A token bucket that forgets: what requests put in expires after the window, so that an hour of calm does not pay for
 * a storm. It grows with the traffic: when a region is lost, every request in flight may need one retry, at any rate.
 */
export class RetryBudget {
  private readonly settings: BudgetSettings;
  private readonly slots: Slot[] = [];

  constructor(settings: BudgetSettings) {
    this.settings = settings;
  }

  /** Counts a first request. */
  deposit(nowMs: number): void {
    this.slot(nowMs).first += 1;
  }

  /** Takes one extra request, or says no. */
  take(nowMs: number): boolean {
    const slot = this.slot(nowMs);
    if (this.balance() < 1) return false;
    slot.extra += 1;
    return true;
  }

  private balance(): number {
    const { ratio, reservePerSecond, windowSeconds } = this.settings;
    return this.slots.reduce((sum, slot) => sum + ratio * slot.first - slot.extra, reservePerSecond * windowSeconds);
  }

  /** The slot of this second; older ones than the window are dropped. */
  private slot(nowMs: number): Slot {
    const second = Math.floor(nowMs / 1_000);
    while (this.slots[0] !== undefined && this.slots[0].second <= second - this.settings.windowSeconds) this.slots.shift();
    const last = this.slots.at(-1);
    if (last !== undefined && last.second >= second) return last;
    const slot = { second, first: 0, extra: 0 };
    this.slots.push(slot);
    return slot;
  }
}
