/** The bakes of a region, each minute: which are open, how they end, and telling whoever waits for them. */

import { type DeploymentView, isGood } from '../core/deployments.ts';
import type { WorldView } from '../core/operations.ts';
import { gateOf } from '../core/operations.ts';
import { type Alarms, BAKE_MS_MAX, decideBake, type OwnJourney } from './bake.ts';
import type { JourneyResult } from './journey.ts';
import type { DeploymentRecords } from './records.ts';
import type { Seen, Watched } from './watch.ts';

/** Milliseconds after a bake's beginning until which its end is told again: by then CodeDeploy has ended the deployment. */
const TELL_MS_MAX = BAKE_MS_MAX + 10 * 60_000;

export interface BakesProps {
  readonly region: string;
  readonly records: DeploymentRecords;
  readonly nowMs: number;
  readonly watched: Watched;
  readonly world: WorldView;
  /** Makes one more journey in this region. */
  readonly again: () => Promise<JourneyResult | undefined>;
  readonly alarms: () => Promise<Alarms>;
  readonly ignoreAlarms: boolean;
  /** Answers the hook that waits. More than once is harmless. */
  readonly tell: (hook: { readonly id: string; readonly execution: string }, outcome: 'succeeded' | 'failed') => Promise<void>;
}

/**
 * A bake's end is recorded before it is told, so that a canary that dies in between tells it again in the next minute, and
 * two at the same time tell the same.
 */
export const tendBakes = async (props: BakesProps): Promise<void> => {
  const begun = await props.records.bakesSince(TELL_MS_MAX);
  for (const deployment of begun) if (deployment.ended === undefined) await tend(props, deployment);
};

const tend = async (props: BakesProps, { id, bake }: DeploymentView): Promise<void> => {
  if (!bake) return;
  const verdict = bake.ended?.verdict ?? (await endOf(props, id, bake));
  if (verdict !== undefined) await props.tell({ id, execution: bake.execution }, isGood(verdict) ? 'succeeded' : 'failed');
};

const endOf = async (props: BakesProps, id: string, bake: NonNullable<DeploymentView['bake']>) => {
  const { region, records, nowMs, watched, ignoreAlarms } = props;
  const decision = decideBake({
    bake,
    nowMs,
    own: await ownJourney(props),
    others: watched.seen.flatMap(({ target, journey }) =>
      target.kind === 'region' && target.region !== region && journey ? [{ region: target.region, result: journey }] : [],
    ),
    alarms: await props.alarms(),
    ignoreAlarms,
  });
  if (decision.kind === 'go-on') return undefined;
  const { verdict, detail } = decision;
  await records.baked(id, { verdict, detail });
  const recorded = (await records.find(id))?.bake?.ended?.verdict ?? verdict;
  if (!isGood(recorded))
    await records.audit({
      who: 'canary',
      what: `ended the bake of version ${bake.candidate}, deployment ${id}`,
      why: `${verdict}: ${detail}`,
    });
  return recorded;
};

const ownJourney = async ({ region, watched, world, again }: BakesProps): Promise<OwnJourney> => {
  const gate = gateOf(world);
  if (!gate.open) return { kind: 'limited', detail: gate.detail };
  const first = watched.seen.find((each): each is Seen & { readonly journey: JourneyResult } => isOwnJourney(each, region))?.journey;
  if (watched.blind || !first) return { kind: 'blind', detail: first && !first.ok ? first.failure.detail : 'no journey was made' };
  if (first.ok) return { kind: 'made', result: first };
  return { kind: 'made', result: (await again()) ?? first };
};

const isOwnJourney = ({ target, journey }: Seen, region: string): boolean =>
  target.kind === 'region' && target.region === region && journey !== undefined;
