/**
 * An update that brings a new version to callers. CloudFormation waits at the gate before the alias, as it waits for
 * CodeDeploy on AWS, and goes on or rolls back as the deployment ends.
 */
import type { Deployment, Phase } from '../codedeploy/deployment.ts';
import { CodeDeployEmulator } from '../codedeploy/emulator.ts';
import { newDeploymentId } from '../codedeploy/ids.ts';
import type { Outcome } from '../codedeploy/outcome.ts';
import type { DeploymentPlan } from '../codedeploy/plan.ts';
import { exposureMs } from '../codedeploy/steps.ts';
import { GATE_SECONDS_MAX, type Gate, gateHandle } from '../deployment/gate.ts';
import type { Release } from '../deployment/release.ts';
import { CANDIDATE } from '../deployment/twin.ts';
import { CellStackView } from './cell-stack.ts';
import type { WaveProps } from './ports.ts';
import type { RegionWatch } from './region-watch.ts';
import { untilReached } from './until-reached.ts';

/** Two hooks of an hour each, and what CloudFormation does around them. */
const HOOKS_SECONDS = 2 * 3_600;
const MARGIN_SECONDS = 600;
/** From the signal until `cdk deploy` has ended: it looks every 5 s. */
const SETTLE_MS_MAX = 120_000;

export interface ShiftedUpdateProps extends Omit<WaveProps, 'signal'> {
  readonly release: Release;
  readonly plan: DeploymentPlan;
  readonly watch: RegionWatch;
}

/** Physical names by logical id. */
type Names = ReadonlyMap<string, string>;

/** Numbers of the versions: that serves, and that is deployed. */
interface Versions {
  readonly from: string;
  readonly to: string;
}

export class ShiftedUpdate {
  readonly #props: ShiftedUpdateProps;
  readonly #id = newDeploymentId();
  readonly #gate: Gate;
  readonly #stack: CellStackView;
  readonly #emulator: CodeDeployEmulator;
  #deployment: Deployment | undefined;
  #stopReason: string | undefined;
  #signalled = false;

  /** @throws when CloudFormation would not wait as long as the plan takes */
  constructor(props: ShiftedUpdateProps) {
    const { cell, plan } = props;
    this.#props = props;
    this.#gate = { handle: gateHandle(this.#id), seconds: gateSeconds(plan) };
    this.#stack = new CellStackView(cell.region.props, props.release.stack.name);
    this.#emulator = new CodeDeployEmulator(cell.region.props);
  }

  /** Once. @throws with the reason when the region has the version before, as far as it is there at all */
  async run(): Promise<void> {
    const { cell, release, source, target, onUpdate, watch } = this.#props;
    onUpdate({ state: 'deploying', deploymentId: this.#id, detail: 'CloudFormation makes the new version and all that watches it' });
    const msMax = (this.#gate.seconds + MARGIN_SECONDS) * 1_000;
    const deploying = cell.update({ release, source, target, gate: this.#gate, msMax }, watch.signal);
    // Waited for in any case; until then its failure is nobody's.
    deploying.catch(() => undefined);
    try {
      const names = await this.#untilGate(deploying);
      await this.#throughGate(names, deploying);
    } finally {
      await deploying.catch(() => undefined);
      this.#stack.close();
      this.#emulator.close();
    }
  }

  /** Before the gate: as soon as CloudFormation waits there. */
  stop(reason: string): void {
    this.#stopReason = reason;
    this.#deployment?.stop(reason);
  }

  /** It is reached when its handle exists, which depends on everything that comes before the alias. */
  #untilGate(deploying: Promise<void>): Promise<Names> {
    return untilReached(async () => {
      // The emulator answers late while it deploys, and that is no reason to give up.
      const names = await this.#stack.physicalNames().catch(() => undefined);
      return names?.has(this.#gate.handle) ? names : undefined;
    }, deploying);
  }

  async #throughGate(names: Names, deploying: Promise<void>): Promise<void> {
    const { release, alarms, onUpdate, watch } = this.#props;
    let versions: Versions | undefined;
    try {
      versions = await this.#versions(names);
      onUpdate(versions);
      await alarms.refresh([release.stack]);
      const outcome = await this.#codeDeploy(names, versions);
      if (outcome.state !== 'succeeded') throw new Error(outcome.reason);
      await this.#signal(names, 'SUCCESS', 'all calls get the new version');
      onUpdate({ detail: 'CloudFormation moves the alias' });
      await watch.within(deploying, SETTLE_MS_MAX, '"cdk deploy", after the signal to go on,');
      await this.#shift(0, { ...versions, from: versions.to });
      onUpdate({ state: 'succeeded', detail: `all calls get version ${versions.to}` });
    } catch (error) {
      if (!watch.signal.aborted) await this.#takeBack(error, { names, versions, deploying });
      throw error;
    }
  }

  /** What cannot be taken back because the region is gone needs no taking back. */
  async #takeBack(
    error: unknown,
    at: { readonly names: Names; readonly versions: Versions | undefined; readonly deploying: Promise<void> },
  ) {
    const { cell, alarms, onUpdate, watch } = this.#props;
    const reason = messageOf(error);
    onUpdate({ percent: 0, detail: `CloudFormation rolls back: ${reason}` });
    // Without the signal CloudFormation, and the command, would wait until the gate's time is over.
    if (!this.#signalled) await this.#signal(at.names, 'FAILURE', reason).catch((failure: unknown) => watch.end(failure));
    await watch.within(at.deploying, SETTLE_MS_MAX, '"cdk deploy", after the signal to roll back,').catch(() => undefined);
    if (at.versions) await this.#shift(0, at.versions).catch(() => undefined);
    await alarms.refresh([cell.release.stack]).catch(() => undefined);
  }

  async #codeDeploy(names: Names, versions: Versions): Promise<Outcome> {
    const { cell, plan, codeDeploy, clock, alarms, watch } = this.#props;
    const { deployment, ended } = codeDeploy.begin({
      region: cell.region.props.name,
      id: this.#id,
      plan,
      physicalName: (logicalId) => names.get(logicalId),
      clock,
      ports: {
        alarmState: (name) => alarms.states().get(name)?.state,
        shift: (percent) => this.#shift(percent / 100, versions),
        callHook: (functionName, event) => this.#emulator.callHook(functionName, event),
        notify: (notification) => this.#emulator.notify(notification),
        onPhase: (phase) => this.#tell(phase),
      },
    });
    this.#deployment = deployment;
    if (this.#stopReason !== undefined) deployment.stop(this.#stopReason);
    const over = (): void => deployment.stop(messageOf(watch.signal.reason));
    if (watch.signal.aborted) over();
    watch.signal.addEventListener('abort', over);
    return ended;
  }

  #tell(phase: Phase): void {
    const { onUpdate } = this.#props;
    switch (phase.name) {
      case 'created':
        return;
      case 'before-traffic':
        return onUpdate({ state: 'before-traffic', detail: 'it is tried before any caller gets it' });
      case 'exposed':
        return onUpdate({
          state: 'exposed',
          percent: phase.percent,
          detail: `${phase.percent} % of calls get it, and its alarms are watched`,
        });
      case 'after-traffic':
        return onUpdate({ state: 'after-traffic', percent: 100, detail: 'all calls get it, and it is watched' });
      case 'ended':
        return phase.outcome.state === 'succeeded' ? undefined : onUpdate({ percent: 0, detail: phase.outcome.reason });
    }
  }

  async #versions(names: Names): Promise<Versions> {
    const { plan, watch } = this.#props;
    // The `Ref` of an alias: arn:aws:lambda:REGION:ACCOUNT:function:NAME:ALIAS.
    const [functionName, alias] = (names.get(plan.alias) ?? '').split(':').slice(-2);
    if (functionName === undefined || alias === undefined) throw new Error(`the stack has no alias ${plan.alias}`);
    await watch.untilAwake();
    return {
      from: await this.#stack.versionOf(functionName, alias),
      to: await this.#stack.versionOf(functionName, CANDIDATE.alias),
    };
  }

  async #shift(share: number, { from, to }: Versions): Promise<void> {
    await this.#props.watch.untilAwake();
    await this.#props.cell.region.shift(share, from, to);
  }

  async #signal(names: Names, status: 'SUCCESS' | 'FAILURE', reason: string): Promise<void> {
    await this.#props.watch.untilAwake();
    await this.#stack.signal(names.get(this.#gate.handle) ?? '', { status, reason, id: this.#id });
    this.#signalled = true;
  }
}

/** @throws when CloudFormation would not wait that long */
const gateSeconds = ({ steps }: DeploymentPlan): number => {
  const seconds = Math.ceil(exposureMs(steps) / 1_000) + HOOKS_SECONDS + MARGIN_SECONDS;
  if (seconds <= GATE_SECONDS_MAX) return seconds;
  const minutesMax = Math.floor((GATE_SECONDS_MAX - HOOKS_SECONDS - MARGIN_SECONDS) / 60);
  throw new Error(
    `given ${exposureMs(steps) / 60_000} minutes of exposure; allowed on this machine: ${minutesMax}; choose fewer in the configuration's delivery`,
  );
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
