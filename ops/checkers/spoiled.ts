/**
 * Could the checker have refused this very history? Each defect changes one answer in it to one that breaks a promise for
 * certain; what is then not refused was not watched.
 */
import type { OperationRecord } from '../drill/operations.ts';
import { type Course, check } from './check.ts';
import { mustBeKept } from './kept.ts';
import { requestsOf } from './requests.ts';

export interface Defect {
  readonly name: string;
  /** Each course is about one thing only, with one answer changed. */
  readonly spoil: (course: Course) => readonly (() => Course)[];
}

export interface Noticed {
  readonly name: string;
  readonly spoiled: number;
  readonly refused: number;
}

type Records = readonly OperationRecord[];

const DEFECTS: readonly Defect[] = [
  {
    name: 'one acknowledged write is missing in one region in the end',
    spoil: (course) => {
      const kept = mustBeKept(course.records.flatMap(requestsOf), course.losses);
      return course.readings.flatMap((reading, index) =>
        reading.holds
          .filter((name) => kept.has(`${reading.thing} ${name}`))
          .map((name) => {
            const changed = { ...reading, holds: reading.holds.filter((held) => held !== name) };
            return () => about(reading.thing, { ...course, readings: course.readings.with(index, changed) });
          }),
      );
    },
  },
  {
    name: 'a read misses a payment that its region had acknowledged',
    spoil: (course) =>
      course.records.flatMap((record, index) => {
        const { saw, region, value } = record;
        const stale = saw?.payments?.find((id) =>
          course.records.some((each) => each.id === id && each.region === region && before(each, record)),
        );
        if (!saw?.payments || stale === undefined) return [];
        const changed = { ...record, saw: { ...saw, payments: saw.payments.filter((id) => id !== stale) } };
        return [() => about(`order ${value.order}`, { ...course, records: course.records.with(index, changed) })];
      }),
  },
  {
    name: 'a read shows what an edit that its region had acknowledged replaced',
    spoil: (course) =>
      course.records.flatMap((record, index) => {
        const edit = record.saw?.heads?.length === 1 ? editBefore(course.records, record, record.saw.heads[0]) : undefined;
        if (!edit?.value.parents) return [];
        const changed = { ...record, saw: { heads: edit.value.parents } };
        return [() => about(`record ${record.value.record}`, { ...course, records: course.records.with(index, changed) })];
      }),
  },
  {
    name: 'an edit is acknowledged though its region had acknowledged another of the same version',
    spoil: (course) =>
      course.records.flatMap((record, index) => {
        const { value, id } = record;
        const last = id !== null && value.parents?.length === 1 ? editBefore(course.records, record, value.parents[0]) : undefined;
        if (last?.value.parents === undefined) return [];
        const changed = { ...record, value: { ...value, parents: last.value.parents } };
        return [() => about(`record ${value.record}`, { ...course, records: course.records.with(index, changed) })];
      }),
  },
];

/**
 * Spoils the history in every way, evenly spread over it.
 *
 * @param timesMax how often in each way
 */
export const noticed = async (course: Course, timesMax: number): Promise<readonly Noticed[]> => {
  const all: Noticed[] = [];
  for (const { name, spoil } of DEFECTS) {
    const chosen = spread(spoil(course), timesMax);
    let refused = 0;
    for (const make of chosen) if ((await check(make())).judgements.some((judgement) => judgement.refused.length > 0)) refused += 1;
    all.push({ name, spoiled: chosen.length, refused });
  }
  return all;
};

const spread = <T>(all: readonly T[], max: number): readonly T[] => {
  const every = Math.max(1, all.length / max);
  return all.filter((_, index) => Math.floor(index / every) !== Math.floor((index - 1) / every));
};

/** The edit of this version that the same region had acknowledged by then. */
const editBefore = (records: Records, record: OperationRecord, version: string | undefined): OperationRecord | undefined =>
  records.find((each) => each.operation === 'putRecord' && each.id === version && each.region === record.region && before(each, record));

/** For certain, whatever the machine was doing: by their requests, not by when they were due. */
const before = (a: OperationRecord, b: OperationRecord): boolean => {
  const [lastA, firstB] = [a.sent.at(-1)?.endMs ?? Infinity, b.sent[0]?.startMs ?? -Infinity];
  return Math.ceil(lastA) < Math.floor(firstB);
};

const about = (thing: string, { records, readings, losses }: Course): Course => {
  const placed = records.filter(({ operation, id }) => operation === 'placeOrder' && thing === `order ${id}`);
  const keys = new Set(placed.map(({ key }) => key));
  const isAbout = ({ operation, key, value }: OperationRecord): boolean =>
    operation === 'placeOrder' ? keys.has(key) : [`order ${value.order}`, `stock ${value.sku}`, `record ${value.record}`].includes(thing);
  return { records: records.filter(isAbout), readings: readings.filter((each) => each.thing === thing), losses };
};
