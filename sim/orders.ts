/** Orders at rest: one for each key, with the stock of the region that keeps it. */
import { type Acceptance, type Facts, type OrderFacts, regionOfName, standingOf } from './facts.ts';
import type { Violation } from './invariants.ts';

/** @param isClosed whether a region is lost, with its books closed: what it reserved, only that region can end, when it is rebuilt */
export const orderViolations = (facts: Facts, isClosed: (region: string) => boolean = () => false): readonly Violation[] =>
  [...facts.orders.values()].flatMap((order) => orderAtRest(order, isClosed));

const orderAtRest = (order: OrderFacts, isClosed: (region: string) => boolean): readonly Violation[] => {
  const { state, shipped, keeper, ...standing } = standingOf(order);
  const waits = ({ writer }: Acceptance): boolean => isClosed(regionOfName(writer));
  const open = standing.open.filter((each) => !waits(each) || (state === 'placed' && each === keeper));
  const name = `order ${order.id} (${state})`;
  const holders = order.acceptances.filter(({ ends }) => ends.length === 0 || ends.some(({ kind }) => kind === 'shipped'));
  const wrong = (rule: string, detail: string): readonly Violation[] => [{ rule, detail: `${name}: ${detail}` }];
  const names = (list: readonly { readonly writer: string }[]): string => list.map(({ writer }) => writer).join(' and ') || 'nobody';
  const anew = [...order.cancellations.values()].flat().find((by, index, all) => all.indexOf(by) !== index);
  if (anew !== undefined) return wrong('a region cancels once', `${anew} wrote more than one wish to cancel`);
  const twice = order.acceptances.find(({ ends }) => ends.length > 1);
  if (twice)
    return wrong(
      'a reservation ends once',
      `${twice.writer}'s ended ${twice.ends.map(({ kind, by }) => `${kind} by ${by}`).join(' and ')}`,
    );
  switch (state) {
    case 'placed':
      if (open.length === 1 && open[0] === keeper) return [];
      return wrong('one order for one key, with stock', `kept by ${keeper?.writer}, stock held by ${names(open)}`);
    case 'cancelling':
      if (open.length === 0) return [];
      return wrong('what is cancelled holds no stock', `stock still held by ${names(open)}`);
    case 'cancelled':
      return holders.length === 0 ? [] : wrong('what is cancelled holds no stock', `stock held by ${names(holders)}`);
    case 'shipped':
      return open.length === 0
        ? []
        : wrong('one order for one key, with stock', `shipped by ${names(shipped)}, stock still held by ${names(open)}`);
  }
};
