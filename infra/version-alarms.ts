import type { IFunction, IVersion } from 'aws-cdk-lib/aws-lambda';
import type { AlarmSpec } from './alarms.ts';
import { versionMetrics } from './metrics.ts';

/**
 * Two bad minutes of three, for each of these alarms but one. The first bad answer is at most 60 s before its minute ends. The
 * second bad minute ends at most 120 s later, and CloudWatch has counted and evaluated it within 60 s more: four minutes at
 * the latest, which leaves CodeDeploy one of the five that a bad version may stay.
 *
 * One bad minute fires nothing: one failed call, a cold start, or all the cold starts at the moment when every call moves
 * to the new version.
 *
 * How little traffic is enough: at 0.3 requests/s a minute has 18, so a single failed one is 5.6 % and makes it bad. Of a
 * version that fails one request in ten, 85 % of the minutes are bad, and 98 of 100 times one of the two after the first
 * is. At higher traffic the rate decides: 1 % is far above what healthy versions show.
 *
 * Two failed requests within one minute need no second bad minute: that is no accident of one call, and each minute saved
 * is callers saved. So a version whose errors come in bursts, or that has more traffic, is gone within three minutes.
 */
const TWO_OF_THREE = { bad: 2, of: 3 } as const;
const ONE_OF_ONE = { bad: 1, of: 1 } as const;
const ERROR_PERCENT_MAX = 1;
/** The 90th percentile, because of 18 requests two may be cold starts; and of a version that is slow for one in ten, not the median. */
const LATENCY_P90_MS_MAX = 1_000;

const NO_CALLS = { as: 'notBreaching', because: 'a version without calls hurts nobody, and a new one begins without any' } as const;

/**
 * What callers get from the newest version, while it is exposed and after. They tell nobody by themselves: during a
 * deployment they take the version back, whose end is told; what callers of the region feel pages under its own name; and
 * being other alarms with each version, they would say "OK" of each of them.
 */
export const versionAlarms = (version: IVersion, api: IFunction): readonly AlarmSpec[] => {
  const metrics = versionMetrics(version);
  return [
    {
      name: 'VersionErrors',
      severity: 'part',
      meaning: `the newest version answers ${ERROR_PERCENT_MAX} % of users' requests or more with 5xx; a deployment of it is taken back`,
      metric: metrics.errorRate,
      threshold: ERROR_PERCENT_MAX,
      periods: TWO_OF_THREE,
      missing: NO_CALLS,
      only: version,
    },
    {
      name: 'VersionErrorBurst',
      severity: 'part',
      meaning: `the newest version answers ${ERROR_PERCENT_MAX} % of users' requests or more, and at least two within a minute, with 5xx; a deployment of it is taken back`,
      metric: metrics.errorBurst,
      threshold: ERROR_PERCENT_MAX,
      periods: ONE_OF_ONE,
      missing: NO_CALLS,
      only: version,
    },
    {
      name: 'VersionCrashes',
      severity: 'part',
      meaning: 'the newest version throws or times out, which it never does by design; a deployment of it is taken back',
      metric: metrics.crashes(api),
      threshold: 1,
      periods: TWO_OF_THREE,
      missing: NO_CALLS,
      only: version,
    },
    {
      name: 'VersionLatency',
      severity: 'part',
      meaning: `one user request in ten takes the newest version ${LATENCY_P90_MS_MAX} ms or more; a deployment of it is taken back`,
      metric: metrics.latencyP90,
      threshold: LATENCY_P90_MS_MAX,
      periods: TWO_OF_THREE,
      missing: NO_CALLS,
      only: version,
    },
  ];
};
