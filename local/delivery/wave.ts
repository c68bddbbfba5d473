/**
 * One region's part of a delivery: the real `cdk deploy` of its adapted copy, which waits at the gate while CodeDeploy's
 * stand-in brings the new version to callers, and goes on or rolls back as that ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cell } from '../cell.ts';
import type { CodeDeploy } from '../codedeploy/codedeploy.ts';
import type { Deployment, Phase } from '../codedeploy/deployment.ts';
import { CodeDeployEmulator } from '../codedeploy/emulator.ts';
import { newDeploymentId } from '../codedeploy/ids.ts';
import type { Outcome } from '../codedeploy/outcome.ts';
import { type DeploymentPlan, readPlan } from '../codedeploy/plan.ts';
import { exposureMs } from '../codedeploy/steps.ts';
import type { RegionState } from '../control/api.ts';
import { GATE_SECONDS_MAX, type Gate, gateHandle } from '../deployment/gate.ts';
import { type Release, readRelease } from '../deployment/release.ts';
import { movesAlias } from '../deployment/shifted-alias.ts';
import { CANDIDATE } from '../deployment/twin.ts';
import { RegionStateError } from '../region/region.ts';
import type { Clock } from '../route53/clock.ts';
import { CellStackView } from './cell-stack.ts';
import type { Alarms } from './ports.ts';
import type { RegionUpdate } from './record.ts';

const POLL_MS = 500;
/** Two hooks of an hour each, and what CloudFormation does around them. */
const HOOKS_SECONDS = 2 * 3_600;
const MARGIN_SECONDS = 600;
/** From the signal until `cdk deploy` has ended: it looks every 5 s. */
const SETTLE_MS_MAX = 120_000;
/** A region that is frozen for longer cannot be shifted. */
const FROZEN_MS_MAX = 60_000;

export interface WaveProps {
  readonly cell: Cell;
  /** The assembly, as AWS would get it. */
  readonly source: string;
  /** Where the region's copy goes for this deployment. */
  readonly target: string;
  readonly codeDeploy: CodeDeploy;
  readonly alarms: Alarms;
  readonly clock: Clock;
  readonly onUpdate: (update: RegionUpdate) => void;
  /** Ends everything at once: the system ends. */
  readonly signal: AbortSignal;
}

export class Wave {
  readonly #props: WaveProps;
  readonly #region: string;
  /** The region is lost, or the system ends: nothing more can be done to it. */
  readonly #over = new AbortController();
  readonly #stack: CellStackView;
  readonly #emulator: CodeDeployEmulator;
  #stopReason: string | undefined;
  #deployment: Deployment | undefined;

  constructor(props: WaveProps) {
    const { region } = props.cell;
    this.#props = props;
    this.#region = region.props.name;
    this.#stack = new CellStackView(region.props, props.cell.release.stack.name);
    this.#emulator = new CodeDeployEmulator(region.props);
  }

  /** Once. @returns whether the region has the release now; never rejects */
  async run(): Promise<boolean> {
    const { cell, signal, onUpdate } = this.#props;
    const end = (): void => this.#over.abort(new Error('the system ends'));
    const watch = setInterval(() => this.#watchRegion(), POLL_MS);
    signal.addEventListener('abort', end);
    try {
      signal.throwIfAborted();
      if (cell.region.state !== 'serving') throw notServing(this.#region, cell.region.state);
      const release = readRelease(this.#props.source, this.#region);
      const plan = movesAlias(cell.release.stack.template, release.stack.template) ? readPlan(release.stack) : undefined;
      if (plan === undefined) await this.#updateOnly(release);
      else await this.#shiftTo(release, plan);
      return true;
    } catch (error) {
      const reason: unknown = this.#over.signal.aborted ? this.#over.signal.reason : error;
      onUpdate({ state: 'failed', detail: messageOf(reason) });
      return false;
    } finally {
      clearInterval(watch);
      signal.removeEventListener('abort', end);
      this.#stack.close();
      this.#emulator.close();
    }
  }

  /** Takes the new version back, when it has not all calls for good yet. */
  stop(reason: string): void {
    this.#stopReason = reason;
    this.#deployment?.stop(reason);
  }

  /** Nothing that callers see changes: the version that serves is the one of the release. */
  async #updateOnly(release: Release): Promise<void> {
    const { onUpdate, alarms } = this.#props;
    onUpdate({ state: 'deploying', detail: 'CloudFormation updates the stacks; the version of the API stays' });
    await this.#deploy(release, undefined);
    await alarms.refresh([release.stack]);
    onUpdate({ state: 'unchanged', detail: 'the stacks are updated; the version of the API is the one before' });
  }

  async #shiftTo(release: Release, plan: DeploymentPlan): Promise<void> {
    const { onUpdate } = this.#props;
    const id = newDeploymentId();
    const gate: Gate = { handle: gateHandle(id), seconds: gateSeconds(plan) };
    onUpdate({ state: 'deploying', deploymentId: id, detail: 'CloudFormation makes the new version and all that watches it' });
    const deploying = this.#deploy(release, gate);
    // Waited for in any case; until then its failure is nobody's.
    deploying.catch(() => undefined);
    try {
      const names = await this.#untilGate(gate, deploying);
      const versions = await this.#throughGate({ id, plan, release, names, handle: names.get(gate.handle) ?? '' }, deploying);
      onUpdate({ state: 'succeeded', detail: `all calls get version ${versions.to}` });
    } finally {
      await deploying.catch(() => undefined);
    }
  }

  /** The gate is reached when its handle exists, because it depends on all that comes before. */
  async #untilGate({ handle }: Gate, deploying: Promise<void>): Promise<Names> {
    const ended = deploying.then(() => true);
    for (;;) {
      // The emulator answers late while it deploys, and that is no reason to give up.
      const names = await this.#stack.physicalNames().catch(() => undefined);
      if (names?.has(handle)) return names;
      if (await Promise.race([ended, sleep(POLL_MS, false)])) throw new Error('CloudFormation has not waited for CodeDeploy');
    }
  }

  async #throughGate(at: AtGate, deploying: Promise<void>): Promise<Versions> {
    const { cell, alarms, onUpdate } = this.#props;
    const { id, names, handle } = at;
    let versions: Versions | undefined;
    let signalled = false;
    const signal = async (status: 'SUCCESS' | 'FAILURE', reason: string): Promise<void> => {
      signalled = true;
      await this.#stack.signal(handle, { status, reason, id });
    };
    try {
      versions = await this.#versions(at.plan, names);
      onUpdate(versions);
      await alarms.refresh([at.release.stack]);
      const outcome = await this.#codeDeploy(at, versions);
      if (outcome.state !== 'succeeded') throw new Error(outcome.reason);
      await signal('SUCCESS', 'all calls get the new version');
      onUpdate({ detail: 'CloudFormation moves the alias' });
      await this.#settled(deploying);
      await this.#shift(0, { ...versions, from: versions.to });
      return versions;
    } catch (error) {
      if (!this.#over.signal.aborted) {
        if (!signalled) await signal('FAILURE', messageOf(error)).catch(() => this.#over.abort(error));
        onUpdate({ percent: 0, detail: `CloudFormation rolls back: ${messageOf(error)}` });
        await this.#settled(deploying).catch(() => undefined);
        if (versions) await this.#shift(0, versions).catch(() => undefined);
        await alarms.refresh([cell.release.stack]).catch(() => undefined);
      }
      throw error;
    }
  }

  async #codeDeploy({ id, plan, names }: AtGate, versions: Versions): Promise<Outcome> {
    const { codeDeploy, clock, alarms } = this.#props;
    const { deployment, ended } = codeDeploy.begin({
      region: this.#region,
      id,
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
    const stop = (): void => deployment.stop(messageOf(this.#over.signal.reason));
    this.#over.signal.addEventListener('abort', stop);
    if (this.#over.signal.aborted) stop();
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

  async #versions(plan: DeploymentPlan, names: Names): Promise<Versions> {
    // The `Ref` of an alias: arn:aws:lambda:REGION:ACCOUNT:function:NAME:ALIAS.
    const [functionName, alias] = (names.get(plan.alias) ?? '').split(':').slice(-2);
    if (functionName === undefined || alias === undefined) throw new Error(`the stack has no alias ${plan.alias}`);
    return {
      from: await this.#stack.versionOf(functionName, alias),
      to: await this.#stack.versionOf(functionName, CANDIDATE.alias),
    };
  }

  /** A region that is frozen gets its share when it goes on: its CodeDeploy would have stood still as well. */
  async #shift(share: number, { from, to }: Versions): Promise<void> {
    const { region } = this.#props.cell;
    const deadlineMs = Date.now() + FROZEN_MS_MAX;
    while (region.state === 'frozen' && Date.now() < deadlineMs && !this.#over.signal.aborted) await sleep(POLL_MS);
    await region.shift(share, from, to);
  }

  /** The real command, on the region's copy. */
  async #deploy(release: Release, gate: Gate | undefined): Promise<void> {
    const { cell, source, target } = this.#props;
    const msMax = ((gate?.seconds ?? 0) + MARGIN_SECONDS) * 1_000;
    await cell.update({ release, source, target, gate, msMax }, this.#over.signal);
  }

  /** The command has little to do once the gate is open. */
  async #settled(deploying: Promise<void>): Promise<void> {
    const late = setTimeout(
      () => this.#over.abort(new Error(`"cdk deploy" did not end within ${SETTLE_MS_MAX / 1_000} s of the signal`)),
      SETTLE_MS_MAX,
    );
    try {
      await deploying;
    } finally {
      clearTimeout(late);
    }
  }

  #watchRegion(): void {
    const { state } = this.#props.cell.region;
    if (state !== 'serving' && state !== 'frozen')
      this.#over.abort(new RegionStateError(`region ${this.#region} was lost during its deployment`));
  }
}

/** Physical names by logical id. */
type Names = ReadonlyMap<string, string>;

interface Versions {
  readonly from: string;
  readonly to: string;
}

interface AtGate {
  readonly id: string;
  readonly plan: DeploymentPlan;
  readonly release: Release;
  readonly names: Names;
  /** Physical name of the gate's handle. */
  readonly handle: string;
}

const notServing = (region: string, state: RegionState): RegionStateError =>
  new RegionStateError(
    `region ${region} is ${state}; allowed when it is serving: bring it back first, or leave it out with "--skip ${region}"`,
  );

/** @throws when CloudFormation would not wait that long */
const gateSeconds = ({ steps }: DeploymentPlan): number => {
  const seconds = Math.ceil(exposureMs(steps) / 1_000) + HOOKS_SECONDS + MARGIN_SECONDS;
  if (seconds <= GATE_SECONDS_MAX) return seconds;
  const minutesMax = Math.floor((GATE_SECONDS_MAX - HOOKS_SECONDS - MARGIN_SECONDS) / 60);
  throw new Error(
    `given ${exposureMs(steps) / 60_000} minutes of exposure; allowed on this machine: ${minutesMax}; choose less with --expose-minutes`,
  );
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
