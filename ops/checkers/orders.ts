/**
 * An order in one region: a set of facts, written once each. The region's own acknowledgements are in it when they are given;
 * what another region accepted arrives at some time after it was asked for, and so does what was not acknowledged.
 */
import { type History, historyOf, type Step, step } from './history.ts';
import { placeOf, type Replica, type Request } from './requests.ts';

export const PLACED = 'placed';
export const paid = (id: string): string => `paid ${id}`;

/** The order that a request is about; undefined: of another kind, or of an order whose id was never told. */
const orderOf = (request: Request): string | undefined => {
  if (request.operation === 'placeOrder') return request.id ?? undefined;
  return request.operation === 'payOrder' || request.operation === 'getOrder' ? request.value.order : undefined;
};

/** @param requests of all orders; those to place one that were not told its id are known by their key */
export const ordersOf = (requests: readonly Request[]): ReadonlyMap<string, readonly Request[]> => {
  const byKey = new Map(requests.flatMap(({ operation, key, id }) => (operation === 'placeOrder' && id !== null ? [[key, id]] : [])));
  const known = requests.flatMap((request) => {
    const order = orderOf(request) ?? (request.operation === 'placeOrder' ? byKey.get(request.key) : undefined);
    return order === undefined ? [] : [{ order, request }];
  });
  const groups = Map.groupBy(known, ({ order }) => order);
  return new Map([...groups].map(([order, group]) => [order, group.map(({ request }) => request)]));
};

export const orderHistory = (order: string, requests: readonly Request[], replica: Replica): History =>
  historyOf(`order ${order} in ${replica.name}`, [
    ...requests.flatMap((request) => (replica.served(request) ? servedStep(request) : elsewhereStep(request))),
    ...untoldPayments(requests),
  ]);

const servedStep = (request: Request): readonly Step[] => {
  const { operation, end, callMs: call, returnMs, id, saw, status } = request;
  const at = { call, return: returnMs, about: `${operation} ${status ?? 'unanswered'} by ${placeOf(request)}` };
  if (end === 'unknown') return elsewhereStep(request);
  if (operation === 'placeOrder') return end === 'done' ? [step('add', { ...at, names: [PLACED] })] : [];
  if (operation === 'payOrder') {
    if (end === 'done' && id !== null) return [step('add', { ...at, names: [paid(id)], needs: [PLACED] })];
    return status === 404 ? [step('lacks', { ...at, names: [PLACED] })] : [];
  }
  if (status === 404) return [step('read', at)];
  return saw?.payments ? [step('read', { ...at, sees: [PLACED, ...saw.payments.map(paid)] })] : [];
};

const elsewhereStep = (request: Request): readonly Step[] => {
  const { operation, end, callMs: call, id } = request;
  if (end === 'refused') return [];
  const arrive = (name: string) => [step('arrive', { names: [name], call, return: null, about: `${operation} by ${placeOf(request)}` })];
  if (operation === 'placeOrder') return arrive(PLACED);
  return operation === 'payOrder' && id !== null ? arrive(paid(id)) : [];
};

/** A payment without an acknowledgement has no id yet; one that is seen, and that nobody acknowledged, is such a one. */
const untoldPayments = (requests: readonly Request[]): readonly Step[] => {
  const payments = requests.filter((each) => each.operation === 'payOrder');
  const acknowledged = new Set(payments.map(({ id }) => id));
  const untold = payments.filter((each) => each.end === 'unknown').map((each) => each.callMs);
  const seen = new Set(requests.flatMap(({ saw }) => saw?.payments ?? []).filter((id) => !acknowledged.has(id)));
  if (untold.length === 0) return [];
  const call = Math.min(...untold);
  return [...seen].map((id) => step('arrive', { names: [paid(id)], call, return: null, about: `payOrder ${id}, not acknowledged` }));
};
