/**
 * What an environment remembers of its peers, so that one that is silent costs its callers a look a second, and not each of
 * them the whole time that it would wait.
 */
import type { Key } from './store.ts';

/** Milliseconds from one look at a silent peer to the next. Requests in between do not wait for it. */
export const SILENT_LOOK_MS = 1_000;

interface Silence {
  /** What it did not hold within a whole deadline: it is back when it does. */
  readonly keys: readonly Key[];
  readonly lookAtMs: number;
}

export class PeerMemory {
  /** Undefined: it was seen to hold what it was asked for. */
  readonly #peers = new Map<string, Silence | undefined>();

  /** `ask`: as usual. `look`: only for these keys, once. `leave`: not at all. One request is told to look each second. */
  turnOf(region: string, nowMs: number): { readonly kind: 'ask' | 'leave' } | { readonly kind: 'look'; readonly keys: readonly Key[] } {
    const silence = this.#peers.get(region);
    if (silence === undefined) return { kind: 'ask' };
    // A clock that was set back must not keep it silent for as long.
    if (nowMs < silence.lookAtMs && nowMs >= silence.lookAtMs - SILENT_LOOK_MS) return { kind: 'leave' };
    this.missed(region, silence.keys, nowMs);
    return { kind: 'look', keys: silence.keys };
  }

  held(region: string): void {
    this.#peers.set(region, undefined);
  }

  missed(region: string, keys: readonly Key[], nowMs: number): void {
    this.#peers.set(region, { keys, lookAtMs: nowMs + SILENT_LOOK_MS });
  }

  /** Others have not heard of it for long. Counts only where this environment has not asked it itself: then it looks first. */
  suspect(region: string, keys: readonly Key[]): void {
    if (!this.#peers.has(region)) this.#peers.set(region, { keys, lookAtMs: Number.NEGATIVE_INFINITY });
  }
}
