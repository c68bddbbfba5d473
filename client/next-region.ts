/** Whom an operation asks next. Pure, given what the fleet knows. */
import type { Problem } from '../functions/contract/answers.ts';
import type { RefusalScope } from './answer.ts';
import type { Fleet, Member } from './fleet.ts';

/** Attempts of a read in one region once another has said no. */
const READ_TRIES_MAX = 2;

/** A definite no of one region. */
export interface Refusal {
  readonly member: Member;
  readonly problem: Problem;
  readonly scope: RefusalScope;
  /** The region did not hold all that the caller had been told. */
  readonly stale: boolean;
}

export interface Choice {
  /** The operation has an effect. */
  readonly write: boolean;
  readonly fleet: Fleet;
  readonly inFlight: ReadonlySet<Member>;
  /** Attempts sent, by region. */
  readonly tries: ReadonlyMap<Member, number>;
  /** Regions that an attempt was sent to and that never answered it. */
  readonly silent: ReadonlySet<Member>;
  readonly refusals: readonly Refusal[];
}

/**
 * First the region that a refusal names, then the best usable one that was not asked yet. With something in flight, that
 * is all (a hedge). Else those that were asked: any, the least asked first; but after a refusal only those that failed
 * fast, since a silent one would cost the caller the answer it already has, and in a read once more, since one that refuses
 * connections would cost it the backoffs. undefined: nobody is worth asking.
 */
export const nextRegion = (choice: Choice): Member | undefined => {
  const { write, fleet, inFlight, tries, silent, refusals } = choice;
  if (refusals.some(({ scope }) => scope.kind === 'final')) return undefined;
  const definite = refusals.filter(({ scope }) => scope.kind !== 'later');
  const open = fleet.ranked().filter((member) => !inFlight.has(member) && !refusedBy(definite, member));
  const named = open.find((member) => definite.some(({ scope }) => scope.kind === 'region' && scope.region === member.region));
  if (named) return named;
  const fresh = staysRefused(choice, definite) ? undefined : open.find((member) => !tries.has(member) && fleet.usable(member));
  if (fresh || inFlight.size > 0) return fresh;
  const answersFast = (member: Member): boolean => {
    const asked = tries.get(member) ?? 0;
    return asked > 0 && (write || asked < READ_TRIES_MAX) && !silent.has(member) && member.circuit.state !== 'open';
  };
  const worth = definite.length > 0 ? open.filter(answersFast) : open;
  return worth.toSorted((a, b) => (tries.get(a) ?? 0) - (tries.get(b) ?? 0))[0];
};

/**
 * A write that is refused wherever it was sent is definitely not done, and the caller may act on that. Asking on could
 * end without an answer, and turn the certainty into a doubt; the stock comes to where it is wanted by itself.
 */
const staysRefused = ({ write, tries }: Choice, definite: readonly Refusal[]): boolean =>
  write && definite.some(({ scope }) => scope.kind === 'here') && [...tries.keys()].every((member) => refusedBy(definite, member));

const refusedBy = (refusals: readonly Refusal[], member: Member): boolean => refusals.some((refusal) => refusal.member === member);
