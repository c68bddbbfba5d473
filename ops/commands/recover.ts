/** What the commands of a recovery share: whom they speak to, what they refuse, and their trail. */
import type { Command } from 'commander';
import { auditItem } from '../../functions/core/deployments.ts';
import type { Loss } from '../../functions/core/recovery.ts';
import { controlStore } from '../delivery/cells.ts';
import { OperatorStep, UserError } from '../errors.ts';
import { STATE } from '../folders.ts';
import { collect } from '../options.ts';
import { type Progress, progressFor } from '../progress.ts';
import { TargetEstate } from '../recovery/estate.ts';
import { asOnlyRecovery, atWork } from '../recovery/lock.ts';
import { asUser, goesOn, lossAsKnown } from '../recovery/loss.ts';
import { statusOf } from '../region-status.ts';
import { interruptible } from '../signals.ts';
import { tandem } from '../tandem.ts';
import { nothingDone } from './effect.ts';
import { type RecoverySystem, recoverySystem } from './recovery-of.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

const REASON = 'lost for good';

export interface RecoverOptions {
  readonly target: TargetName;
  readonly alsoLost: readonly string[];
  readonly outOfReach: boolean;
  readonly reason: string;
  readonly yes: boolean;
}

export const addRecoverOptions = (command: Command): Command =>
  addTargetOption(command)
    .option('--also-lost <region>', 'on AWS: another region that is lost for good too, repeatable', collect(String), [])
    .option(
      '--out-of-reach',
      'on AWS: nobody can ask or close the front door of the region; whatever it acknowledges from now on is lost',
      false,
    )
    .option('--reason <text>', 'why: it stands in the audit trail', REASON);

export interface Recovery<P, R> {
  readonly region: string;
  /** As it is called, without options: "rebuild", "eu-central-1". */
  readonly words: readonly string[];
  /** What it does, for the audit trail: "rebuilding". */
  readonly what: string;
  readonly options: RecoverOptions;
  look(estate: TargetEstate): Promise<P>;
  /** @param now whether it is done at once */
  tell(preview: P, now: boolean): string;
  carryOut(estate: TargetEstate): Promise<R>;
  told(result: R): string;
  /** Whether it leaves the region serving. */
  readonly returns: boolean;
}

/**
 * Shows what a recovery would do, and with `--yes` does it. Ctrl-C ends it before its next step; run again, it goes on.
 *
 * @throws {UserError} for a region that is not lost, and while a drill or another recovery runs
 * @throws {OperatorStep} on AWS, where the next step is the operator's
 */
export const recover = async <P, R>(recovery: Recovery<P, R>, command: Command): Promise<void> => {
  const { region, options } = recovery;
  const system = await recoverySystem({ ...options, region }, command);
  try {
    await recoverOn(system, recovery, progressFor());
  } finally {
    system.close();
  }
};

const recoverOn = async <P, R>(system: RecoverySystem, recovery: Recovery<P, R>, progress: Progress): Promise<void> => {
  const { region, what, options } = recovery;
  const before = new TargetEstate(system.target, () => undefined);
  const loss = await lossAsKnown(before, region, options.target === 'local' ? tandem('lose', region, '--yes') : undefined);
  if (!options.outOfReach) await refuseAlive(system, loss);
  progress.line(recovery.tell(await asUser(recovery.look(before)), options.yes));
  const situation = loss.isLost ? await system.situation() : '';
  if (situation !== '') progress.line(`\n${situation}`);
  if (!options.yes) return progress.line(`\n${nothingDone(await atWork(STATE))}`);
  const result = await asOnlyRecovery(STATE, `${what} ${region}`, () =>
    interruptible((signal) => audited(system, loss, recovery, () => steps(progress, signal, system, recovery))).catch((error: unknown) => {
      if (goesOn(error)) progress.line(`\nIt goes on where it was ended: ${again(recovery)}`);
      throw error;
    }),
  );
  progress.line(`\n${recovery.told(result)}`);
  const afterwards = recovery.returns ? system.afterwards(region) : '';
  if (afterwards !== '') progress.line(`\n${afterwards}`);
};

/** A region that is called lost and lives is somebody's mistake. */
const refuseAlive = async (system: RecoverySystem, loss: Loss): Promise<void> => {
  if (!loss.isLost) return;
  const { region } = loss;
  const frontDoor = await system.frontDoor(region);
  const [status] = frontDoor === undefined ? [] : await statusOf([frontDoor]);
  const sign = status?.state === 'healthy' ? 'it answers, and is healthy' : await system.signOfLife(loss);
  if (sign !== undefined) throw new UserError(`${region} is not lost: ${sign}. It would be emptied; see \`${tandem('status')}\``);
};

/** A step that is the operator's is no failure of those before it. */
const steps = async <P, R>(
  progress: Progress,
  signal: AbortSignal,
  { target }: RecoverySystem,
  { region, what, carryOut }: Recovery<P, R>,
): Promise<R> => {
  const outcome = await progress.step(`${what} ${region}`, async (say) => {
    try {
      return { result: await asUser(carryOut(new TargetEstate(target, say, signal))) };
    } catch (error) {
      if (!(error instanceof OperatorStep)) throw error;
      say('stops here: the next step is yours');
      return error;
    }
  });
  if (outcome instanceof OperatorStep) throw outcome;
  return outcome.result;
};

const audited = async <P, R>(
  { target, actor }: RecoverySystem,
  { heir }: Loss,
  { region, what, options }: Recovery<P, R>,
  work: () => Promise<R>,
): Promise<R> => {
  const who = await actor();
  const note = async (state: string): Promise<void> => {
    const item = auditItem({ region, writer: heir, atMs: Date.now() }, { who, what: `${what}: ${state}`, why: options.reason });
    await controlStore(target.dynamo(heir)).transact([{ action: 'put', item }]);
  };
  await note('begun');
  try {
    const result = await work();
    await note('done');
    return result;
  } catch (error) {
    if (error instanceof OperatorStep) await note('waits for the operator');
    throw error;
  }
};

/** The command that goes on. */
const again = <P, R>({ words, options: { alsoLost, outOfReach, reason } }: Recovery<P, R>): string =>
  tandem(
    ...words,
    ...alsoLost.flatMap((each) => ['--also-lost', each]),
    ...(outOfReach ? ['--out-of-reach'] : []),
    ...(reason === REASON ? [] : ['--reason', reason]),
    '--yes',
  );
