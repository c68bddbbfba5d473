/**
 * How many extra requests (retries and hedges) a client may send. Without it, a region that answers slowly makes every
 * caller send everything twice, just when there is least room for it.
 */
export interface BudgetSettings {
  /** Extra requests for each operation that was begun, to regions that it had not asked; and for each that was answered, to those that it had. */
  readonly ratio: number;
  /** Extra requests a second that are allowed whatever the traffic, to regions not asked before: a quiet client must be able to move, too. */
  readonly reservePerSecond: number;
  /** Seconds over which operations and extra requests are counted. */
  readonly windowSeconds: number;
}

/** Whom an extra request goes to: a region that the operation has not asked, or one that it asks again. */
export type Extra = 'elsewhere' | 'again';

/**
 * Requests in a window that may go to a region that was asked before, whatever was answered. One, because this is what a
 * whole fleet does at once in an outage: only answers pay for more.
 */
const AGAIN_MIN = 1;

interface Slot {
  readonly second: number;
  begun: number;
  answered: number;
  elsewhere: number;
  again: number;
}

/**
 * A token bucket that forgets: what operations put in expires after the window, so that an hour of calm does not pay for
 * a storm. It grows with the traffic: when a region is lost, every request in flight may need one retry, at any rate.
 */
export class RetryBudget {
  private readonly settings: BudgetSettings;
  private readonly slots: Slot[] = [];

  constructor(settings: BudgetSettings) {
    this.settings = settings;
  }

  /** Counts an operation. */
  deposit(nowMs: number): void {
    this.slot(nowMs).begun += 1;
  }

  /** Counts an operation that got a definite answer. */
  answered(nowMs: number): void {
    this.slot(nowMs).answered += 1;
  }

  /** Takes one extra request, or says no. */
  take(nowMs: number, extra: Extra): boolean {
    const slot = this.slot(nowMs);
    if (this.balance(extra) < 1) return false;
    slot[extra] += 1;
    return true;
  }

  private balance(extra: Extra): number {
    const { ratio, reservePerSecond, windowSeconds } = this.settings;
    const reserve = reservePerSecond * windowSeconds;
    const start = extra === 'again' ? Math.min(AGAIN_MIN, reserve) : reserve;
    const paidBy = extra === 'again' ? 'answered' : 'begun';
    return this.slots.reduce((sum, slot) => sum + ratio * slot[paidBy] - slot[extra], start);
  }

  /** The slot of this second; older ones than the window are dropped. */
  private slot(nowMs: number): Slot {
    const second = Math.floor(nowMs / 1_000);
    while (this.slots[0] !== undefined && this.slots[0].second <= second - this.settings.windowSeconds) this.slots.shift();
    const last = this.slots.at(-1);
    if (last !== undefined && last.second >= second) return last;
    const slot = { second, begun: 0, answered: 0, elsewhere: 0, again: 0 };
    this.slots.push(slot);
    return slot;
  }
}
