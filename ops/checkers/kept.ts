/** No append is lost: what was acknowledged by any region is, in the end, in every region. */

import type { ReplicaReading } from '../drill/replicas.ts';
import { type History, historyOf, type Step, step } from './history.ts';
import { ordersOf, PLACED, paid } from './orders.ts';
import { type Loss, placeOf, type Request } from './requests.ts';
import { versionOf } from './versions.ts';

interface Append {
  readonly thing: string;
  readonly name: string;
  readonly request: Request;
}

export interface Kept {
  readonly histories: readonly History[];
  /** Appends that only a region acknowledged which lost its items afterwards: lost or not, no promise is broken. */
  readonly excused: number;
}

/** @param readings of every region, after all had settled */
export const keptHistories = (requests: readonly Request[], readings: readonly ReplicaReading[], losses: readonly Loss[]): Kept => {
  const appends = appendsOf(requests);
  const sure = sureOf(appends, losses);
  const isSure = ({ thing, name }: Append) => sure.has(`${thing} ${name}`);
  const byThing = Map.groupBy(readings, ({ thing }) => thing);
  const histories = [...Map.groupBy(appends, ({ thing }) => thing)].map(([thing, group]) => {
    const writes = group.map((append) => appendStep(append, isSure(append) && append.request.end === 'done'));
    const reads = (byThing.get(thing) ?? []).map((reading) => readStep(reading, new Set(group.map(({ name }) => name))));
    return historyOf(`what every region holds of ${thing}`, [...writes, ...reads]);
  });
  const excused = new Set(
    appends.filter((each) => each.request.end === 'done' && !isSure(each)).map(({ thing, name }) => `${thing} ${name}`),
  );
  return { histories, excused: excused.size };
};

/** What must be in every region in the end, as `THING NAME`: acknowledged by a region that has not lost it. */
export const mustBeKept = (requests: readonly Request[], losses: readonly Loss[]): ReadonlySet<string> =>
  sureOf(appendsOf(requests), losses);

const sureOf = (appends: readonly Append[], losses: readonly Loss[]): ReadonlySet<string> => {
  const lostWith = ({ region, callMs }: Request) => losses.some((each) => each.region === region && callMs < each.atMs);
  return new Set(
    appends.filter(({ request }) => request.end === 'done' && !lostWith(request)).map(({ thing, name }) => `${thing} ${name}`),
  );
};

const appendsOf = (requests: readonly Request[]): readonly Append[] => [
  ...[...ordersOf(requests)].flatMap(([order, group]) => group.flatMap((request) => named(`order ${order}`, factOf(request), request))),
  ...requests.flatMap((request) => named(`stock ${request.value.sku}`, receiptOf(request), request)),
  ...requests.flatMap((request) => named(`record ${request.value.record}`, editOf(request), request)),
];

const named = (thing: string, name: string | undefined, request: Request): readonly Append[] =>
  name === undefined || request.end === 'refused' ? [] : [{ thing, name, request }];

const factOf = ({ operation, id }: Request): string | undefined => {
  if (operation === 'placeOrder') return PLACED;
  return operation === 'payOrder' && id !== null ? paid(id) : undefined;
};

const receiptOf = ({ operation, id }: Request): string | undefined =>
  operation === 'receiveStock' && id !== null ? `receipt ${id}` : undefined;

const editOf = (request: Request): string | undefined => (request.operation === 'putRecord' ? `version ${versionOf(request)}` : undefined);

const appendStep = ({ name, request }: Append, acknowledged: boolean): Step => {
  const at = { names: [name], call: request.callMs, about: `${request.operation} by ${placeOf(request)}` };
  return acknowledged ? step('add', { ...at, return: request.returnMs }) : step('arrive', { ...at, return: null });
};

/** What nobody of the drill is known to have written, as the first receipts, is not looked at. */
const readStep = ({ region, startMs, endMs, holds }: ReplicaReading, names: ReadonlySet<string>): Step =>
  step('read', {
    sees: holds.filter((name) => names.has(name)),
    call: startMs,
    return: endMs,
    about: `${region} read after all had settled`,
  });
