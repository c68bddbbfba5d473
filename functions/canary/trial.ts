/**
 * The trial of a version before any caller gets it: journeys against it and, fewer, against the version that serves, in
 * turns, so that both meet the same table at the same time. What fails for one alone is that version's fault; what fails for
 * both alike is not.
 */
import type { TrialVerdict } from '../core/deployments.ts';
import { askHealth, type HealthResult, limitOf, troubleOf } from './health.ts';
import { type JourneyResult, makeJourney, type Step, type Traveller } from './journey.ts';
import type { Failure } from './questions.ts';
import { median, slope } from './statistics.ts';
import type { PatientClock, Transport } from './transport.ts';

/** Journeys of the candidate. The first warms it up: its times count for nothing. */
const ROUNDS = 6;
/** The version that serves makes a journey in each so many rounds, from the first on. */
const LIVE_EACH_ROUNDS = 2;
/** A step of the candidate is slow beyond so many times what it takes where it serves, and so many milliseconds above that. */
const SLOW_TIMES = 3;
const SLOW_MS = 300;
/** Megabytes by which memory may grow with each request, after `MEMORY_WARM_ROUNDS`: a healthy version grows while it warms up. */
const GROWTH_MB_MAX = 1;
const MEMORY_WARM_ROUNDS = 2;
/** Requests that must have told their memory before growth can be judged. */
const MEMORY_SAMPLES_MIN = 12;

/** One of the two versions. */
export interface Tried {
  readonly transport: Transport;
  /** Number of the version; undefined: whichever serves. */
  readonly version: string | undefined;
}

export interface TrialProps {
  readonly candidate: Tried;
  /** What serves now; undefined in the first deployment, when nothing does. */
  readonly live: Tried | undefined;
  readonly region: string;
  readonly traveller: Traveller;
  readonly clock: PatientClock;
  /** Begins every Idempotency-Key of this trial. 8 to 64 characters, never used before. */
  readonly key: string;
  /** Milliseconds within which no further round begins. */
  readonly budgetMs: number;
}

export interface TrialResult {
  readonly verdict: TrialVerdict;
  readonly detail: string;
}

export const tryVersion = async (props: TrialProps): Promise<TrialResult> => {
  const trial = new Trial(props);
  return (await trial.health()) ?? (await trial.rounds()) ?? trial.growth() ?? trial.speed() ?? trial.passed();
};

class Trial {
  readonly #props: TrialProps;
  readonly #startedMs: number;
  readonly #candidate: JourneyResult[] = [];
  readonly #live: JourneyResult[] = [];

  constructor(props: TrialProps) {
    this.#props = props;
    this.#startedMs = props.clock.now();
  }

  /** Whether the candidate starts and answers; the verdict, where nothing more can be tried. */
  async health(): Promise<TrialResult | undefined> {
    const { candidate, live } = this.#props;
    const found = await this.#askHealth(candidate);
    const trouble = healthTrouble(found);
    if (trouble !== undefined) {
      const serving = live && healthTrouble(await this.#askHealth(live));
      return this.#blame(trouble, live && { failure: serving });
    }
    const limit = found.ok ? limitOf(found.health) : undefined;
    return limit === undefined
      ? undefined
      : { verdict: 'limited', detail: `${limit}: only the start and the health check of the version were tried` };
  }

  async rounds(): Promise<TrialResult | undefined> {
    const { candidate, live, clock, budgetMs } = this.#props;
    for (let round = 0; round < ROUNDS; round += 1) {
      if (clock.now() - this.#startedMs > budgetMs) break;
      if (live && round % LIVE_EACH_ROUNDS === 0) this.#live.push(await this.#journey(live, `live.${round}`));
      const made = await this.#journey(candidate, `candidate.${round}`);
      this.#candidate.push(made);
      if (made.ok) continue;
      const again = live && (await this.#journey(live, `live.${round}.after`));
      return this.#blame(made.failure, again && { failure: again.ok ? undefined : again.failure });
    }
    return undefined;
  }

  /** A leak: memory that grows with each request, and only in the candidate. */
  growth(): TrialResult | undefined {
    const samples = (made: readonly JourneyResult[], from: number) => made.slice(from).flatMap(({ memoryMb }) => memoryMb);
    const grown = samples(this.#candidate, MEMORY_WARM_ROUNDS);
    const candidateMb = grown.length < MEMORY_SAMPLES_MIN ? undefined : slope(grown);
    const liveMb = slope(samples(this.#live, 1));
    if (candidateMb === undefined || candidateMb <= GROWTH_MB_MAX || (liveMb !== undefined && liveMb > GROWTH_MB_MAX)) return undefined;
    const detail = `memory grows by ${candidateMb.toFixed(1)} MB with each request, allowed: ${GROWTH_MB_MAX} MB; after ${grown.length} requests it is ${grown.at(-1)} MB`;
    return { verdict: 'fail', detail };
  }

  speed(): TrialResult | undefined {
    const [candidate, live] = [stepMedians(this.#candidate), stepMedians(this.#live)];
    for (const [step, ms] of candidate) {
      const servingMs = live.get(step);
      const allowedMs = servingMs === undefined ? undefined : Math.max(SLOW_TIMES * servingMs, servingMs + SLOW_MS);
      if (servingMs === undefined || allowedMs === undefined || ms <= allowedMs) continue;
      const detail = `"${step}" takes ${Math.round(ms)} ms at the median, ${Math.round(servingMs)} ms in the version that serves; allowed: ${Math.round(allowedMs)} ms`;
      return { verdict: 'fail', detail };
    }
    return undefined;
  }

  passed(): TrialResult {
    const [made, serving] = [this.#candidate.length, this.#live.filter(({ ok }) => ok).length];
    if (made < ROUNDS)
      return {
        verdict: this.#live.length > 0 ? 'dependency' : 'fail',
        detail: `only ${made} of ${ROUNDS} journeys ended within ${this.#props.budgetMs} ms, and no slower than where it serves`,
      };
    const beside = this.#props.live ? `, ${serving} of ${this.#live.length} of the version that serves` : '';
    return { verdict: 'pass', detail: `${made} journeys of the version ended well${beside}` };
  }

  /** @param serving the same of the version that serves, and how it failed, if it did; undefined without one */
  #blame(failure: Failure, serving: { readonly failure: Failure | undefined } | undefined): TrialResult {
    const what = `${failure.step}: ${failure.detail}`;
    if (!serving) return { verdict: 'fail', detail: what };
    if (!serving.failure) return { verdict: 'fail', detail: `${what}; the version that serves does it right` };
    const { step, detail } = serving.failure;
    return alike(failure, serving.failure)
      ? { verdict: 'dependency', detail: `${what}; the version that serves fails alike, so the version is not at fault` }
      : { verdict: 'fail', detail: `${what}; the version that serves fails otherwise (${step}: ${detail})` };
  }

  #journey({ transport, version }: Tried, name: string): Promise<JourneyResult> {
    const { traveller, region, clock, key } = this.#props;
    return makeJourney({ transport, traveller, clock, answerer: { regions: [region], version }, key: `${key}.${name}` });
  }

  #askHealth({ transport, version }: Tried): Promise<HealthResult> {
    const { region, clock } = this.#props;
    return askHealth({ transport, clock, answerer: { regions: [region], version } });
  }
}

const healthTrouble = (found: HealthResult): Failure | undefined => {
  if (!found.ok) return found.failure;
  const detail = troubleOf(found.health);
  return detail === undefined ? undefined : { step: 'health', kind: 'status', status: 503, detail };
};

/** At the same step, in the same way. */
const alike = (a: Failure, b: Failure): boolean => a.step === b.step && a.kind === b.kind && a.status === b.status;

/** Without the first journey, which met cold functions; with it where there is little else. */
const stepMedians = (made: readonly JourneyResult[]): ReadonlyMap<Step, number> => {
  const times = made.slice(made.length > 2 ? 1 : 0).flatMap((journey) => (journey.ok ? journey.times : []));
  return new Map(
    [...Map.groupBy(times, ({ step }) => step)].flatMap(([step, group]) => {
      const ms = median(group.map((each) => each.ms));
      return ms === undefined ? [] : [[step, ms] as const];
    }),
  );
};
