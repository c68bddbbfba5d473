/** What a region says of its own health, and that it is the region, and the certificate, that was asked for. */
import { ANSWERS, type Health } from '../contract/answers.ts';
import { ROUTES } from '../contract/routes.ts';
import { type Answerer, type Failure, judge, other, StepFailed, send, timed } from './questions.ts';
import type { PatientClock, Transport } from './transport.ts';

export type HealthResult =
  | { readonly ok: true; readonly health: Health; readonly ms: number }
  | { readonly ok: false; readonly failure: Failure<'health'>; readonly ms: number };

/** Reasons for which a region may not take writes now: none is a version's fault. */
const LIMITS = ['fenced', 'retired', 'behind'];

/** A verdict of `fail` is an answer, too: what it means is the caller's to say. */
export const askHealth = async (given: {
  readonly transport: Transport;
  readonly clock: PatientClock;
  readonly answerer: Answerer;
}): Promise<HealthResult> => {
  let ms = 0;
  const told = (given: number) => {
    ms = given;
  };
  try {
    const request = { method: ROUTES.health.method, path: ROUTES.health.path, headers: {} } as const;
    const answer = await timed(given.clock, () => send(given.transport, request), told);
    const question = {
      status: answer.status === 503 ? 503 : ROUTES.health.success.status,
      shape: ANSWERS.health,
      wrong: (health: Health) => [
        other('the region', given.answerer.regions.includes(health.region), true),
        other('the verdict', health.verdict, answer.status === 503 ? 'fail' : 'pass'),
        other('whether there are reasons', health.reasons.length > 0, answer.status === 503),
      ],
    };
    return { ok: true, health: judge(answer, question, given.answerer).value, ms };
  } catch (error: unknown) {
    if (!(error instanceof StepFailed)) throw error;
    return { ok: false, failure: { step: 'health', ...error.failure }, ms };
  }
};

/** Why the region may not take writes; undefined when it may. */
export const limitOf = ({ reasons }: Health): string | undefined => reasons.find(({ code }) => LIMITS.includes(code))?.detail;

/** What is wrong beneath the version: the table does not answer. An evacuation alone is no trouble. */
export const troubleOf = ({ reasons }: Health): string | undefined => reasons.find(({ code }) => code === 'table')?.detail;
