/** Whether a bake, the watched time of a version that has all callers, goes on, ends well, or fails. */
import type { AlarmState } from '../contract/delivery.ts';
import type { Bake, TrialVerdict } from '../core/deployments.ts';
import type { JourneyResult } from './journey.ts';

/** CodeDeploy waits an hour for a hook's answer; this is when one is given whatever is known. */
export const BAKE_MS_MAX = 55 * 60_000;

/** This minute's journey in the bake's own region. */
export type OwnJourney =
  | { readonly kind: 'made'; readonly result: JourneyResult }
  /** The canary reached nothing at all, so it knows nothing. */
  | { readonly kind: 'blind'; readonly detail: string }
  /** The region may not take writes now, so a journey would tell nothing of the version. */
  | { readonly kind: 'limited'; readonly detail: string };

export type Alarms =
  | { readonly kind: 'read'; readonly states: readonly { readonly name: string; readonly state: AlarmState }[] }
  | { readonly kind: 'unknown'; readonly detail: string };

export interface BakeProps {
  readonly bake: Pick<Bake, 'atMs' | 'untilMs'>;
  readonly nowMs: number;
  /** After it was repeated, when it failed. */
  readonly own: OwnJourney;
  /** The same minute's journeys in the other regions. */
  readonly others: readonly { readonly region: string; readonly result: JourneyResult }[];
  readonly alarms: Alarms;
  /** The deployment goes on although alarms fire. */
  readonly ignoreAlarms: boolean;
}

export type BakeDecision = { readonly kind: 'go-on' } | { readonly kind: 'end'; readonly verdict: TrialVerdict; readonly detail: string };

/** A bake ends well only in a minute in which its journey went well and its alarms were read. */
export const decideBake = (props: BakeProps): BakeDecision => {
  const { bake, nowMs, own } = props;
  const failed = failedJourney(props) ?? failedAlarm(props);
  if (failed) return failed;
  const unknown = unknownOf(props);
  if (unknown !== undefined)
    return nowMs - bake.atMs >= BAKE_MS_MAX ? end('fail', `the bake could not be ended well in time: ${unknown}`) : GO_ON;
  if (nowMs < bake.untilMs) return GO_ON;
  return own.kind === 'limited'
    ? end('limited', `${own.detail}: no journey could be made, no alarm fired`)
    : end('pass', `every journey of ${Math.round((bake.untilMs - bake.atMs) / 60_000)} minutes ended well, no alarm fired`);
};

const GO_ON: BakeDecision = { kind: 'go-on' };
const end = (verdict: TrialVerdict, detail: string): BakeDecision => ({ kind: 'end', verdict, detail });

const failedJourney = ({ own, others }: BakeProps): BakeDecision | undefined => {
  if (own.kind !== 'made' || own.result.ok) return undefined;
  const { step, detail } = own.result.failure;
  const alike = others.filter(({ result }) => !result.ok && result.failure.step === step).map(({ region }) => region);
  const what = `two journeys in a row failed at "${step}": ${detail}`;
  return alike.length === 0
    ? end('fail', what)
    : end('dependency', `${what}; journeys to ${alike.join(' and ')}, where this version does not bake, fail at the same step`);
};

const failedAlarm = ({ alarms, ignoreAlarms }: BakeProps): BakeDecision | undefined => {
  if (ignoreAlarms || alarms.kind === 'unknown') return undefined;
  const firing = alarms.states.filter(({ state }) => state === 'ALARM').map(({ name }) => name);
  return firing.length === 0 ? undefined : end('fail', `alarms fire: ${firing.join(', ')}`);
};

const unknownOf = ({ own, alarms, ignoreAlarms }: BakeProps): string | undefined => {
  if (own.kind === 'blind') return `the canary reaches nothing (${own.detail})`;
  return alarms.kind === 'unknown' && !ignoreAlarms ? `the alarms cannot be read (${alarms.detail})` : undefined;
};
