/**
 * A region while something is done to it: whether it is still there, and awake. A frozen region delays what is done to it,
 * because its CodeDeploy and its CloudFormation would stand still with it; one that is lost ends it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Region, RegionStateError } from '../region/region.ts';

const POLL_MS = 250;

export class RegionWatch {
  readonly #region: Region;
  readonly #over = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal;
  readonly #end = (): void => this.end(this.#outer.reason);

  /** @param outer ends it too: the system ends */
  constructor(region: Region, outer: AbortSignal) {
    this.#region = region;
    this.#outer = outer;
    this.#timer = setInterval(() => this.#look(), POLL_MS);
    if (outer.aborted) this.#end();
    outer.addEventListener('abort', this.#end);
  }

  /** Aborted with the reason when nothing more can be done to the region. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  end(reason: unknown): void {
    this.#over.abort(reason);
  }

  /** Resolves when the region is not frozen. @throws the reason when it is over before */
  async untilAwake(): Promise<void> {
    while (this.#region.state === 'frozen' && !this.signal.aborted) await sleep(POLL_MS);
    this.signal.throwIfAborted();
  }

  /** As the work ends; ends everything when that takes longer, without the time in which the region is frozen. */
  async within<T>(work: Promise<T>, msMax: number, what: string): Promise<T> {
    let leftMs = msMax;
    const timer = setInterval(() => {
      if (this.#region.state !== 'frozen') leftMs -= POLL_MS;
      if (leftMs <= 0) this.end(new Error(`${what} took more than ${msMax / 1_000} s`));
    }, POLL_MS);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#outer.removeEventListener('abort', this.#end);
  }

  #look(): void {
    const { state, props } = this.#region;
    if (state !== 'serving' && state !== 'frozen') this.end(new RegionStateError(`region ${props.name} was lost during its deployment`));
  }
}
