import { JOURNEY_TARGETS } from '../functions/contract/names.ts';
import type { AlarmSpec, CompositeSpec } from './alarms.ts';
import { metrics } from './metrics.ts';

export interface CanaryAlarmsProps {
  readonly region: string;
  /** The other regions. */
  readonly peers: readonly string[];
  /** The canary can find more than its own region. */
  readonly behindDomain: boolean;
}

/** A journey a minute: one that fails may be the canary's own bad luck, two in three are not. */
const TWO_OF_THREE = { bad: 2, of: 3 } as const;
/** Longer than DNS takes to lead the shared name away from a region that is lost. */
const THREE_OF_FIVE = { bad: 3, of: 5 } as const;
const SILENT_MINUTES = 3;

const NO_JOURNEY = {
  as: 'notBreaching',
  because: 'a canary that reaches nothing tells of no journey; CanaryBlind and CanarySilent watch it',
} as const;

const OWN_JOURNEY = 'OwnJourney';
const journeyTo = (peer: string): string => `Journey-${peer}`;

/** What the canary sees: of its own region, of the others, and of itself. */
export const canaryAlarms = (props: CanaryAlarmsProps): readonly AlarmSpec[] => [
  ownJourney(props),
  ...CANARY,
  ...(props.behindDomain ? [...frontDoors(props.region), ...props.peers.map(journeyAlarm)] : []),
];

/**
 * A region is paged about by the others: an alarm sees the metrics of its own region only, and a region that is lost tells
 * nobody. A watcher that fails in its own region as well suspects itself.
 */
export const canaryComposites = ({ peers, behindDomain }: CanaryAlarmsProps): readonly CompositeSpec[] =>
  behindDomain
    ? peers.map((peer) => ({
        name: `Impaired-${peer}`,
        severity: 'page',
        meaning: `users' journeys in ${peer} fail as seen from here, and those in this region do not`,
        while: journeyTo(peer),
        butNot: OWN_JOURNEY,
      }))
    : [];

const ownJourney = ({ region, behindDomain }: CanaryAlarmsProps): AlarmSpec => ({
  name: OWN_JOURNEY,
  // Behind a domain the others page; without one no other canary knows where this region is.
  severity: behindDomain ? 'ticket' : 'page',
  meaning: "a user's journey in this region fails, as its own canary sees it",
  metric: metrics.journeyFailures(JOURNEY_TARGETS.region(region))(),
  threshold: 1,
  periods: TWO_OF_THREE,
  missing: NO_JOURNEY,
});

const CANARY: readonly AlarmSpec[] = [
  {
    name: 'CanaryBlind',
    severity: 'ticket',
    meaning: 'the canary reaches nothing at all and suspects itself, so nobody watches by journeys',
    metric: metrics.canaryBlind(),
    threshold: 1,
    periods: TWO_OF_THREE,
    missing: { as: 'notBreaching', because: 'CanarySilent watches whether it says anything' },
  },
  {
    name: 'CanarySilent',
    severity: 'ticket',
    meaning: `the canary has not run to its end for ${SILENT_MINUTES} minutes, so nobody watches by journeys, and no bake can end`,
    metric: metrics.canaryRuns(),
    threshold: 1,
    below: true,
    periods: { bad: SILENT_MINUTES, of: SILENT_MINUTES },
    missing: { as: 'breaching', because: 'every run that ends is counted, so silence means that none did' },
  },
];

const frontDoors = (region: string): readonly AlarmSpec[] => [
  {
    name: 'SharedName',
    severity: 'page',
    meaning: "users' journeys through the shared name fail wherever DNS leads them from here, longer than failing over takes",
    metric: metrics.journeyFailures(JOURNEY_TARGETS.shared)(),
    threshold: 1,
    periods: THREE_OF_FIVE,
    missing: NO_JOURNEY,
  },
  {
    name: 'OwnOrigin',
    severity: 'page',
    meaning:
      "callers whom the shared name leads here are refused (its certificate or mapping), which no health check sees: they ask for this region's own name",
    metric: metrics.journeyFailures(JOURNEY_TARGETS.origin(region))(),
    threshold: 1,
    periods: THREE_OF_FIVE,
    missing: NO_JOURNEY,
  },
];

const journeyAlarm = (peer: string): AlarmSpec => ({
  name: journeyTo(peer),
  severity: 'part',
  meaning: `a user's journey in ${peer} fails as seen from here, which may be the watcher's fault: Impaired-${peer} decides`,
  metric: metrics.journeyFailures(JOURNEY_TARGETS.region(peer))(),
  threshold: 1,
  periods: TWO_OF_THREE,
  missing: NO_JOURNEY,
});
