/**
 * Holds a table that AWS Backup restored for a test against the rules of the data, and tells AWS Backup the verdict, upon
 * which it deletes the table. Invoked by EventBridge when a restore has ended.
 * https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-validation.html
 *
 * A verdict is for good, so there is none when this function fails: Lambda calls it again, and a restore that nobody judged
 * in the end times out, which is told as a failed test.
 */
import { DynamoStore } from './aws/dynamo-store.ts';
import { readEnvironment } from './aws/environment.ts';
import { embedded, log } from './aws/log.ts';
import { type RestoreJob, RestoreJobs } from './aws/restore-jobs.ts';
import { partsFor, readParts, scanClient, sizeOf } from './aws/restored-table.ts';
import { METRICS, TABLES } from './contract/names.ts';
import { foldBeats, REGIONS_KEY } from './core/operations.ts';
import { type Findings, Validation } from './core/validate.ts';

/** Milliseconds kept for the verdict. */
const VERDICT_MS = 30_000;
/** Characters of a message that AWS Backup keeps. */
const MESSAGE_LENGTH_MAX = 1_000;

/** https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html */
interface StateChange {
  readonly detail: { readonly restoreJobId: string };
}
interface Invocation {
  readonly getRemainingTimeInMillis: () => number;
}

const { region } = readEnvironment(process.env);
const jobs = new RestoreJobs();
const client = scanClient();

export const handler = async ({ detail: { restoreJobId: job } }: StateChange, invocation: Invocation): Promise<void> => {
  const { source, restored, judged } = await jobs.find(job);
  // EventBridge delivers at least once.
  if (judged) return;
  const hasTime = (): boolean => invocation.getRemainingTimeInMillis() > VERDICT_MS;
  const { findings, parts, read } = await validate({ source, restored, job, hasTime });
  const verdict = findings.ok ? 'SUCCESSFUL' : 'FAILED';
  const message = inWords(findings, { parts, read });
  log(findings.ok ? 'INFO' : 'ERROR', 'restore test', { audit: true, job, table: source, restored, verdict, parts, read, ...findings });
  await jobs.judge(job, verdict, message);
  const measured = {
    metrics: [{ name: METRICS.restoreTestFailures, unit: 'Count', value: findings.ok ? 0 : 1 }],
    dimensions: {},
    sets: [[]],
  } as const;
  log('INFO', 'judged', embedded(measured, Date.now()));
};

const validate = async (given: Omit<RestoreJob, 'judged'> & { readonly job: string; readonly hasTime: () => boolean }) => {
  const { source, restored, job, hasTime } = given;
  const [live, copy] = [await sizeOf(client, source), await sizeOf(client, restored)];
  const beats = foldBeats(await new DynamoStore({ client, table: restored }).query(REGIONS_KEY, 'BEAT#'));
  const own = beats.find((beat) => beat.region === region);
  const validation = new Validation(own && { region, writer: own.writer, atMs: own.atMs });
  if (source === TABLES.data && !own) validation.breaks(`the heartbeat of ${region} is missing, which writes one each minute`);
  const parts = partsFor(Math.max(live.bytes, copy.bytes));
  const first = Number.parseInt(job.replaceAll(/[^0-9a-f]/gi, '').slice(0, 8) || '0', 16) % parts;
  const read = await readParts(client, { table: restored, parts, first, hasTime }, (partition) => validation.add(partition));
  const whole = read === parts;
  if (read === 0) validation.breaks('no part of it could be read in time');
  if (whole && live.items > 0 && validation.items === 0)
    validation.breaks(`nothing was restored, and the live table has ${live.items} items`);
  return { findings: validation.findings(whole), parts, read };
};

const inWords = (findings: Findings, { parts, read }: { readonly parts: number; readonly read: number }): string => {
  const { items, partitions, broken, sums, off, allowed, unsettled, problems } = findings;
  const seen = read === parts ? 'all of it' : `${read} of ${parts} parts, then time was over: sums over all orders were not checked`;
  const text = `${items} items in ${partitions} partitions, ${seen}. ${broken} broken. ${off} of ${sums} sums off, ${allowed} allowed at the cut. ${unsettled} rows of other regions on their way. ${problems.join('; ')}`;
  return text.trim().slice(0, MESSAGE_LENGTH_MAX);
};
