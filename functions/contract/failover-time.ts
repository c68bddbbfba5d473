/**
 * How long callers that follow DNS may notice the loss of a region, computed from the settings alone. Drills compare what
 * they measure with it: a ratio far from 1 means that the model of the system is wrong, in either direction.
 *
 * Rules: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
 */

/** Time limits of a Route 53 checker, in seconds, each from the end of the one before. */
export const CHECKER_LIMIT_SECONDS = { connect: 4, status: 2, body: 2 } as const;

/**
 * Seconds from a checker's verdict until the name servers answer by it. AWS publishes no number; 5 to 10 are usual. The
 * local stand-in waits exactly this long, so a local measurement proves everything but this addend.
 */
export const ASSUMED_AGGREGATION_SECONDS = 7;

/**
 * What a checker meets at a lost region, and so what each failed probe costs.
 * - `refused`: an answer at once that is no success: connection refused or reset, or a 5xx.
 * - `unanswered`: the connection opens and nothing follows, so the limit for the status counts. A local front door that is
 *   frozen, or plays a black hole, is of this kind: the kernel completes the handshake for it. (Only when its queue of
 *   unaccepted connections overflows, the kernel drops the handshake and a probe becomes `unreachable`.)
 * - `unreachable`: packets vanish, so the limit for connecting counts. A region behind a cut network is of this kind.
 */
export type Loss = 'refused' | 'unanswered' | 'unreachable';

const PROBE_SECONDS: Readonly<Record<Loss, number>> = {
  refused: 0,
  unanswered: CHECKER_LIMIT_SECONDS.status,
  unreachable: CHECKER_LIMIT_SECONDS.connect,
};

export interface FailoverSettings {
  /** Seconds from a checker's response, or timeout, to its next request. */
  readonly intervalSeconds: number;
  /** Failed probes in a row that turn one checker. */
  readonly failureThreshold: number;
  /** TTL of the record that callers resolve. */
  readonly ttlSeconds: number;
  /** @default ASSUMED_AGGREGATION_SECONDS */
  readonly aggregationSeconds?: number;
}

export interface FailoverTerm {
  readonly name: 'detection' | 'aggregation' | 'ttl';
  readonly seconds: number;
  readonly why: string;
}

/**
 * The addends of the time to fail over. Each is its own worst case, so their sum is nearly an upper bound; a measurement
 * is seldom much shorter, because nearly *all* checkers must have turned (18 % rule) and *all* callers must have asked again.
 */
export const formulaTerms = (settings: FailoverSettings, loss: Loss): readonly FailoverTerm[] => {
  const { intervalSeconds, failureThreshold, ttlSeconds, aggregationSeconds = ASSUMED_AGGREGATION_SECONDS } = settings;
  const probeSeconds = PROBE_SECONDS[loss];
  return [
    {
      name: 'detection',
      seconds: failureThreshold * (intervalSeconds + probeSeconds),
      why: `${failureThreshold} failed probes of the slowest checker: ${intervalSeconds} s until each, ${probeSeconds} s for each (${loss})`,
    },
    {
      name: 'aggregation',
      seconds: aggregationSeconds,
      why: 'from the checkers to the name servers; AWS publishes no number, so it is assumed',
    },
    { name: 'ttl', seconds: ttlSeconds, why: 'a caller that asked just before the change keeps the old answer this long' },
  ];
};

/** Seconds from the fault until the last caller that follows DNS has the new answer. */
export const formulaSeconds = (settings: FailoverSettings, loss: Loss): number =>
  formulaTerms(settings, loss).reduce((sum, term) => sum + term.seconds, 0);
