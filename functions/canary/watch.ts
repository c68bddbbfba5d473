/**
 * What a region's canary looks at each minute: its own region, each other one, the shared name wherever DNS leads, and each
 * region's front door for the shared name. A watcher that reaches nothing at all suspects itself and says nothing of others.
 */
import { DIMENSIONS, METRICS } from '../contract/names.ts';
import { askHealth } from './health.ts';
import { type JourneyResult, MADE_BEFORE, makeJourney, type Traveller } from './journey.ts';
import type { Failure } from './questions.ts';
import { journeyKey, minuteOf, type ReplicaAge, replicaAges } from './replica-age.ts';
import { type Connect, isOwn, type Place, targetsOf, type WatchTarget } from './targets.ts';
import type { PatientClock } from './transport.ts';

export interface WatchProps extends Place {
  readonly connect: Connect;
  readonly traveller: Traveller;
  readonly clock: PatientClock;
}

export interface Seen {
  readonly target: WatchTarget;
  /** Milliseconds of the whole journey, or how it failed. */
  readonly outcome: { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly failure: Failure };
  /** Undefined of an origin. */
  readonly journey: JourneyResult | undefined;
}

export interface Watched {
  readonly seen: readonly Seen[];
  /** Nothing at all was reached. */
  readonly blind: boolean;
  /** Seconds since the newest order of a peer's canary that this region shows; peers that never had one are left out. */
  readonly ages: readonly ReplicaAge[];
}

export const watch = async (props: WatchProps): Promise<Watched> => {
  const minute = minuteOf(props.clock.now());
  const targets = targetsOf(props);
  const seen = await Promise.all(
    targets.map((target) => lookOnce(props, target, journeyKey({ watcher: props.region, target: target.name, minute }))),
  );
  const blind = !seen.some(isReached);
  const own = seen.find(({ target }) => isOwn(target, props.region));
  const ages = own && isReached(own) ? await replicaAges({ ...props, own: own.target }) : [];
  return { seen, blind, ages };
};

/** EventBridge may deliver a minute twice: the order under its key is then there already, cancelled or not, and another one tells as much. */
const lookOnce = async (props: WatchProps, target: WatchTarget, key: string): Promise<Seen> => {
  const seen = await look(props, target, key);
  const { outcome } = seen;
  const isMade =
    !outcome.ok && outcome.failure.step === 'place' && (outcome.failure.status === 409 || outcome.failure.detail === MADE_BEFORE);
  return isMade ? look(props, target, `${key}.${props.clock.now()}`) : seen;
};

/** A journey to a target, under a key of its own. */
export const look = async (props: WatchProps, target: WatchTarget, key: string): Promise<Seen> => {
  const { connect, traveller, clock } = props;
  const answerer = { regions: target.regions };
  return connect(target, async (transport): Promise<Seen> => {
    if (target.kind === 'origin') {
      const found = await askHealth({ transport, clock, answerer });
      return { target, outcome: found, journey: undefined };
    }
    const journey = await makeJourney({ transport, clock, traveller, answerer, key });
    if (!journey.ok) return { target, outcome: { ok: false, failure: journey.failure }, journey };
    return { target, outcome: { ok: true, ms: journey.times.reduce((total, { ms }) => total + ms, 0) }, journey };
  });
};

/** Somebody answered, or refused: the network is there. */
const isReached = ({ outcome }: Seen): boolean =>
  outcome.ok || (outcome.failure.kind !== 'unreachable' && outcome.failure.kind !== 'timeout');

/** Metrics that stand in one log line. */
export interface Measurement {
  readonly metrics: readonly { readonly name: string; readonly unit: 'Count' | 'Milliseconds' | 'Seconds'; readonly value: number }[];
  readonly dimensions: Readonly<Record<string, string>>;
  readonly sets: readonly (readonly string[])[];
}

/** What was seen, as metrics: of single targets only while the canary trusts itself. */
export const measurementsOf = ({ seen, blind, ages }: Watched): readonly Measurement[] => [
  { metrics: [{ name: METRICS.canaryBlind, unit: 'Count', value: blind ? 1 : 0 }], dimensions: {}, sets: [[]] },
  ...(blind ? [] : seen.flatMap(journeyMeasurements)),
  ...ages.map(
    ({ peer, seconds }): Measurement => ({
      metrics: [{ name: METRICS.replicaAge, unit: 'Seconds', value: seconds }],
      dimensions: { [DIMENSIONS.peer]: peer },
      sets: [[DIMENSIONS.peer]],
    }),
  ),
];

const journeyMeasurements = ({ target, outcome }: Seen): readonly Measurement[] => {
  const dimensions = { [DIMENSIONS.target]: target.name };
  const sets = [[DIMENSIONS.target]];
  const failures = (value: number) => ({ name: METRICS.journeyFailures, unit: 'Count', value }) as const;
  if (outcome.ok)
    return [{ metrics: [failures(0), { name: METRICS.journeyLatency, unit: 'Milliseconds', value: outcome.ms }], dimensions, sets }];
  return [
    { metrics: [failures(1)], dimensions, sets },
    {
      metrics: [{ name: METRICS.journeyFailedStep, unit: 'Count', value: 1 }],
      dimensions: { ...dimensions, [DIMENSIONS.step]: outcome.failure.step },
      sets: [[DIMENSIONS.target, DIMENSIONS.step]],
    },
  ];
};
