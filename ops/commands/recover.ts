/** What the commands of a recovery share: whom they speak to, what they refuse, and their trail. */
import type { Command } from 'commander';
import { auditItem } from '../../functions/core/deployments.ts';
import { type Loss, lossOf, RecoveryRefused } from '../../functions/core/recovery.ts';
import { localActor } from '../delivery/aws-cells.ts';
import { writeControl } from '../delivery/cells.ts';
import { messageOf, UserError } from '../errors.ts';
import { STATE } from '../folders.ts';
import { type Progress, progressFor } from '../progress.ts';
import { TargetEstate } from '../recovery/estate.ts';
import { asOnlyRecovery } from '../recovery/lock.ts';
import { statusOf } from '../region-status.ts';
import { interruptible } from '../signals.ts';
import { attachLocal, type LocalTarget } from '../targets/local.ts';
import { localCells } from './cells-of.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

export interface RecoverOptions {
  readonly target: TargetName;
  readonly reason: string;
  readonly yes: boolean;
}

export const addRecoverOptions = (command: Command): Command =>
  addTargetOption(command).option('--reason <text>', 'why: it stands in the audit trail', 'lost for good').option('--yes', 'do it', false);

export interface Recovery<P, R> {
  readonly region: string;
  /** What it does, for the audit trail: "rebuilds the region". */
  readonly what: string;
  readonly options: RecoverOptions;
  look(estate: TargetEstate): Promise<P>;
  tell(preview: P): string;
  carryOut(estate: TargetEstate): Promise<R>;
  told(result: R): string;
}

/**
 * Shows what a recovery would do, and with `--yes` does it. Ctrl-C ends it before its next step; run again, it goes on.
 *
 * @throws {UserError} for a region that is not lost, and while a drill or another recovery runs
 */
export const recover = async <P, R>(recovery: Recovery<P, R>): Promise<void> => {
  const { region, what, options } = recovery;
  if (options.target === 'aws')
    throw new UserError(
      `\`--target aws\` is not done yet: removing a replica and adding it again was never run there; docs/runbook.md, "On AWS", says which steps are known and what is open`,
    );
  const target = await attachLocal();
  if (target === undefined) throw new UserError('no local system runs; start one with `tandem start`');
  const progress = progressFor();
  try {
    const before = new TargetEstate(target, () => undefined);
    const loss = await asUser(lossOf(before, region));
    await refuseServing(target, loss);
    console.log(recovery.tell(await asUser(recovery.look(before))));
    if (!options.yes) return console.log('\nNothing is done; --yes does it.');
    const result = await asOnlyRecovery(STATE, `${what} ${region}`, () =>
      interruptible((signal) => audited(target, loss, recovery, () => steps(progress, signal, target, recovery))),
    );
    console.log(`\n${recovery.told(result)}`);
  } finally {
    target.close();
  }
};

/** A region that is called lost and answers well is somebody's mistake. */
const refuseServing = async (target: LocalTarget, { region, isLost }: Loss): Promise<void> => {
  const [status] = await statusOf(target.regions.filter((each) => each.name === region));
  if (isLost && status?.state === 'healthy')
    throw new UserError(`${region} answers, and is healthy: it is not lost, and would be emptied; see \`tandem status\``);
};

const steps = <P, R>(
  progress: Progress,
  signal: AbortSignal,
  target: LocalTarget,
  { region, what, carryOut }: Recovery<P, R>,
): Promise<R> => progress.step(`${what} ${region}`, (say) => asUser(carryOut(new TargetEstate(target, say, signal))));

const audited = async <P, R>(
  target: LocalTarget,
  { heir }: Loss,
  { region, what, options }: Recovery<P, R>,
  work: () => Promise<R>,
): Promise<R> => {
  const note = (state: string): Promise<string> =>
    writeControl(localCells(target), heir, (writer) => [
      auditItem({ region, writer, atMs: Date.now() }, { who: localActor(), what: `${what}: ${state}`, why: options.reason }),
    ]);
  await note('begun');
  const result = await work();
  await note('done');
  return result;
};

const asUser = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error: unknown) {
    if (error instanceof RecoveryRefused) throw new UserError(messageOf(error), { cause: error });
    throw error;
  }
};
