/** The histories of a drill, and what the checker says of them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type OperationRecord, operationRecord } from '../drill/operations.ts';
import { type ReplicaReading, replicaReading } from '../drill/replicas.ts';
import { UserError } from '../errors.ts';
import { reportSchema } from '../reports/report.ts';
import type { History, Verdict } from './history.ts';
import { keptHistories } from './kept.ts';
import { orderHistory, ordersOf } from './orders.ts';
import { judge } from './porcupine.ts';
import { type Loss, type Replica, replicasOf, requestsOf } from './requests.ts';
import { recordHistory, recordsOf } from './versions.ts';

/** What a drill wrote down. */
export interface Course {
  readonly records: readonly OperationRecord[];
  readonly readings: readonly ReplicaReading[];
  readonly losses: readonly Loss[];
}

/** What was judged of one promise. */
export interface Judgement {
  readonly promise: string;
  readonly histories: number;
  readonly operations: number;
  readonly reads: number;
  readonly refused: readonly Refused[];
  /** Names of histories that the checker gave up on. */
  readonly undecided: readonly string[];
}

interface Refused {
  readonly name: string;
  /** What no order explains, in the words of the history. */
  readonly unexplained: readonly string[];
}

/** @param folder of a report. @throws {UserError} when it holds no history */
export const readCourse = async (folder: string): Promise<Course> => {
  const report = reportSchema.parse(JSON.parse(await fileOf(folder, 'report.json')));
  const lost = report.drill === 'region-loss' && report.how === 'kill';
  return {
    records: linesOf(await fileOf(folder, 'operations.jsonl')).map((line) => operationRecord.parse(line)),
    readings: linesOf(await fileOf(folder, 'replicas.jsonl')).map((line) => replicaReading.parse(line)),
    losses: lost ? [{ region: report.region, atMs: report.phases.faultMs }] : [],
  };
};

const fileOf = (folder: string, name: string): Promise<string> =>
  readFile(join(folder, name), 'utf8').catch((cause: unknown) => {
    throw new UserError(`given ${folder}, which has no ${name}; allowed: the folder of a drill's report`, { cause });
  });

const linesOf = (text: string): readonly unknown[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

export interface Checked {
  readonly judgements: readonly Judgement[];
  /** Acknowledged writes that a region took with it when it was lost for good: no promise is broken by their loss. */
  readonly excused: number;
}

/** Asks the checker. */
export const check = async ({ records, readings, losses }: Course): Promise<Checked> => {
  const requests = records.flatMap(requestsOf);
  const regions = [...new Set(requests.flatMap(({ region }) => region ?? []))].sort();
  const inEach = (of: (replica: Replica) => readonly History[]) => replicasOf(regions, losses).flatMap(of).filter(tells);
  const { histories: kept, excused } = keptHistories(requests, readings, losses);
  const promises = [
    ['an order is linearizable within a region', inEach((at) => [...ordersOf(requests)].map(([id, of]) => orderHistory(id, of, at)))],
    ['a record is linearizable within a region', inEach((at) => [...recordsOf(requests)].map(([id, of]) => recordHistory(id, of, at)))],
    ['no append is lost', kept],
  ] as const;
  const judgements: Judgement[] = [];
  for (const [promise, histories] of promises) judgements.push(judgementOf(promise, histories, await judge(histories)));
  return { judgements, excused };
};

/** Without an answer there is nothing to explain. */
const tells = ({ operations }: History): boolean => operations.some((each) => each.return !== null);

const judgementOf = (promise: string, histories: readonly History[], verdicts: readonly Verdict[]): Judgement => ({
  promise,
  histories: histories.length,
  operations: histories.reduce((sum, { operations }) => sum + operations.length, 0),
  reads: histories.reduce((sum, { operations }) => sum + operations.filter(({ kind }) => kind === 'read').length, 0),
  refused: verdicts.flatMap(({ verdict, name, unexplained }, index) =>
    verdict === 'Illegal' ? [{ name, unexplained: unexplained.map((at) => histories[index]?.operations[at]?.about ?? `${at}`) }] : [],
  ),
  undecided: verdicts.flatMap(({ verdict, name }) => (verdict === 'Unknown' ? [name] : [])),
});
