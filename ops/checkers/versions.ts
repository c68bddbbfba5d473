/**
 * A record in one region: a set of versions, of which the heads are shown; an edit names the heads that it was made from,
 * as a compare-and-set does. Versions of other regions arrive by themselves, in any order.
 */
import { canonical } from '../../functions/core/hash.ts';
import { recordKey, versionId } from '../../functions/core/records.ts';
import { editValue } from '../drill/callers.ts';
import { SUBJECT } from '../drill/ledger.ts';
import { type History, historyOf, type Step, step } from './history.ts';
import { placeOf, type Replica, type Request } from './requests.ts';

export const recordsOf = (requests: readonly Request[]): ReadonlyMap<string, readonly Request[]> => {
  const about = requests.filter(({ operation }) => operation === 'putRecord' || operation === 'getRecord');
  return Map.groupBy(about, ({ value }) => value.record ?? '');
};

/** Of an edit without an acknowledgement, by the rule that names versions: the same edit has the same name everywhere. */
export const versionOf = ({ id, key, value: { record = '', parents = [] } }: Request): string => {
  if (id !== null) return id;
  const value = canonical(editValue(key ?? ''));
  return versionId(recordKey(SUBJECT, record), { parents: [...new Set(parents)].sort(), value, subject: SUBJECT, key: key ?? undefined });
};

export const recordHistory = (record: string, requests: readonly Request[], replica: Replica): History => {
  const edits = requests.filter(({ operation }) => operation === 'putRecord');
  const parents = Object.fromEntries(edits.map((edit) => [versionOf(edit), edit.value.parents ?? []]));
  const steps = requests.flatMap((request) => (replica.served(request) ? servedStep(request) : elsewhereStep(request)));
  return historyOf(`record ${record} in ${replica.name}`, steps, parents);
};

const servedStep = (request: Request): readonly Step[] => {
  const { operation, end, callMs: call, returnMs, saw, status, value } = request;
  const at = { call, return: returnMs, about: `${operation} ${status ?? 'unanswered'} by ${placeOf(request)}` };
  if (operation === 'getRecord') {
    if (status === 404) return [step('read', at)];
    return saw?.heads ? [step('read', { ...at, sees: saw.heads })] : [];
  }
  const edit = { ...at, names: [versionOf(request)], needs: value.parents ?? [] };
  if (end === 'done') return [step('edit', edit)];
  if (end === 'unknown') return [step('edit-perhaps', { ...edit, return: null })];
  return status === 412 ? [step('edit-refused', edit)] : [];
};

const elsewhereStep = (request: Request): readonly Step[] => {
  const { operation, end, callMs: call } = request;
  if (operation !== 'putRecord' || end === 'refused') return [];
  return [step('arrive', { names: [versionOf(request)], call, return: null, about: `putRecord by ${placeOf(request)}` })];
};
