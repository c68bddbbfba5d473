/** What callers were told, against what is there. */
import { type Facts, standingOf } from './facts.ts';
import type { Healed, Violation } from './invariants.ts';
import { type Acknowledgement, isEdit, isPresent, memberOf, merged } from './ledger.ts';
import { describe, identityOf, linesText, orderIdOf, type Request, recordKeyOf } from './requests.ts';

export const acknowledgementViolations = ({ ledger }: Healed, facts: Facts): readonly Violation[] => [
  ...missing(ledger.owed, facts),
  ...broken(ledger, facts),
  ...answersOfAnotherRequest(ledger.owed),
  ...sharedEffects([...ledger.owed, ...ledger.lost, ...ledger.lostAfterCut]),
  ...winners([...ledger.owed, ...ledger.lost, ...ledger.lostAfterCut]),
  ...refusedWithEffect(ledger.verdicts, facts),
  ...uncounted(ledger, facts),
];

/** An order that was ended as cancelled, or that somebody read to be cancelled, and that was shipped: a person is told. */
const uncounted = ({ toldCancelled, shippedAfterCancelled }: Healed['ledger'], facts: Facts): readonly Violation[] =>
  [...facts.orders.values()].flatMap((order) => {
    const cancelled = toldCancelled.has(order.id) || order.acceptances.some(({ ends }) => ends.some(({ kind }) => kind === 'cancelled'));
    if (!cancelled || standingOf(order).state !== 'shipped' || shippedAfterCancelled.has(order.id)) return [];
    return [{ rule: 'what is shipped after it was cancelled is counted', detail: `order ${order.id}` }];
  });

const missing = (owed: readonly Acknowledgement[], facts: Facts): readonly Violation[] =>
  owed
    .filter((each) => !isPresent(each, facts))
    .map((each) => ({ rule: 'nothing acknowledged is missing', detail: `${each.cell.name} acknowledged "${describe(each.request)}"` }));

/** A zombie's answers are called lost, also where they repeat what is there. */
const broken = (ledger: Healed['ledger'], facts: Facts): readonly Violation[] =>
  ledger
    .lostThoughReplicated()
    .filter((each) => !isPresent(each, facts))
    .map((each) => ({
      rule: 'what is replicated outlives its region',
      detail: `${each.cell.name} acknowledged "${describe(each.request)}"`,
    }));

/** A replay answers with the first answer to the same request, and so with what was asked for. */
const answersOfAnotherRequest = (owed: readonly Acknowledgement[]): readonly Violation[] =>
  owed.flatMap(({ request, value, cell }) => {
    const told = saidOf(value, request);
    return told === undefined
      ? []
      : [{ rule: 'an answer answers its request', detail: `${cell.name} answered "${describe(request)}" with ${told}` }];
  });

/** What an answer says that the request did not ask for. */
const saidOf = (value: unknown, request: Request): string | undefined => {
  switch (request.kind) {
    case 'place': {
      const lines = memberOf(value, 'lines');
      const told = linesText(Array.isArray(lines) ? lines : []);
      if (memberOf(value, 'id') !== orderIdOf(request.order)) return `order ${String(memberOf(value, 'id'))}`;
      return told === linesText(merged(request.lines)) ? undefined : told;
    }
    case 'pay':
      return memberOf(value, 'amount') === request.amount ? undefined : String(memberOf(value, 'amount'));
    case 'receive':
      return memberOf(value, 'quantity') === request.quantity ? undefined : String(memberOf(value, 'quantity'));
    case 'edit': {
      const told = JSON.stringify([memberOf(value, 'id'), memberOf(value, 'value')]);
      return told === JSON.stringify([request.record.id, JSON.parse(request.value)]) ? undefined : told;
    }
    default:
      return undefined;
  }
};

/** Two requests under two keys have two effects, even where they ask for the same; but a cancellation is one, whoever asks. */
const sharedEffects = (acknowledged: readonly Acknowledgement[]): readonly Violation[] => {
  const byEffect = new Map<string, string>();
  return acknowledged.flatMap(({ request, value }) => {
    if (request.kind !== 'pay' && request.kind !== 'receive' && request.kind !== 'edit') return [];
    const effect = `${request.kind} ${String(memberOf(value, request.kind === 'edit' ? 'version' : 'id'))}`;
    const asked = askedBy(request);
    const known = byEffect.get(effect) ?? asked;
    byEffect.set(effect, known);
    return known === asked ? [] : [{ rule: 'two keys have two effects', detail: `"${describe(request)}" shares its effect with ${known}` }];
  });
};

const askedBy = (request: Extract<Request, { kind: 'pay' | 'receive' | 'edit' }>): string => {
  switch (request.kind) {
    case 'receive':
      return `${request.sku} ${request.region} ${request.key}`;
    case 'edit':
      return identityOf(request);
    default:
      return `${orderIdOf(request.order)} ${request.key}`;
  }
};

/** Of all edits that were made in one region from the same heads one is done: the item that carries an answer says where it was made. */
const winners = (acknowledged: readonly Acknowledgement[]): readonly Violation[] => {
  const byState = new Map<string, Extract<Request, { kind: 'edit' }>>();
  return acknowledged.flatMap(({ request, carriers: [carrier] }) => {
    if (request.kind !== 'edit' || carrier === undefined) return [];
    const writer = carrier.sk.split('#').at(-1);
    const state = `${carrier.pk} ${[...new Set(request.parents)].sort().join(' ')} ${writer}`;
    const known = byState.get(state) ?? request;
    byState.set(state, known);
    return identityOf(known) === identityOf(request)
      ? []
      : [{ rule: 'a compare-and-set has one winner in a region', detail: `${writer}: "${describe(known)}" and "${describe(request)}"` }];
  });
};

/** A request that its callers may call refused has no effect. */
const refusedWithEffect = (verdicts: Healed['ledger']['verdicts'], facts: Facts): readonly Violation[] =>
  [...verdicts].flatMap(({ request, verdicts: all }) => {
    if (!all.every((verdict) => verdict === 'refused')) return [];
    const effect = effectOf(request, facts);
    return effect === undefined
      ? []
      : [{ rule: 'what is refused has no effect', detail: `"${identityOf(request)}" was refused, and there is ${effect}` }];
  });

const effectOf = (request: Request, facts: Facts): string | undefined => {
  if (request.kind === 'edit') {
    const versions = [...(facts.records.get(recordKeyOf(request.record))?.versions.values() ?? [])];
    const made = versions.find((version) => isEdit(version, request));
    return made && `the version, made by ${made.by}`;
  }
  if (request.kind !== 'place') return undefined;
  const order = facts.orders.get(orderIdOf(request.order));
  const wanted = linesText(merged(request.lines));
  const found = order?.acceptances.find(
    (each) => each.note === request.note && linesText([...each.lines].map(([sku, quantity]) => ({ sku, quantity }))) === wanted,
  );
  return found && `the order, accepted by ${found.writer}`;
};
