/**
 * Delivers on AWS, stack by stack, in the order of `cdk deploy --all`, from one assembly: each region gets the code that the
 * first one got. What holds a version back is in the stacks; this only goes through them, watches, and stops.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CancelUpdateStackCommand, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { CodeDeployClient } from '@aws-sdk/client-codedeploy';
import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import type { Delivery, DeliveryRequest, RegionDelivery } from '../../functions/contract/delivery.ts';
import { STACKS } from '../../functions/contract/names.ts';
import type { Config } from '../../infra/config.ts';
import { pause } from '../drill/wait.ts';
import { messageOf, UserError } from '../errors.ts';
import type { TargetEvent, TargetRegion } from '../targets/target.ts';
import { type AssembledStack, parseTemplate, readAssembly } from './assembly.ts';
import { AwsCells, CALLS } from './aws-cells.ts';
import { runCdk } from './cdk.ts';
import { type DeploymentGroup, findGroup, progressOf, runningDeployment, stopDeployment } from './code-deploy.ts';
import type { Deployer } from './deployer.ts';
import type { Capacity, StackChanges } from './preflight.ts';
import { type Template, uncoveredChanges } from './uncovered.ts';
import { readVersions } from './versions.ts';

const LOOKED_AT_HOURS = 24;
const POLL_MS = 5_000;
const NOTHING: Template = { Resources: {} };

export interface AwsDeployerProps {
  readonly config: Config;
  /** Gets the assembly, the configuration and the logs. */
  readonly folder: string;
  readonly ignoreAlarms: boolean;
}

export class AwsDeployer implements Deployer {
  readonly cells: AwsCells;
  readonly leftAlone =
    'the stack that is being deployed goes on, with its exposure, alarms and rollback; the stacks after it are not begun';
  readonly #props: AwsDeployerProps;
  readonly #events: TargetEvent[] = [];
  readonly #codeDeploy = new Map<string, CodeDeployClient>();
  #assembly: Promise<readonly AssembledStack[]> | undefined;
  #delivery: Delivery | undefined;
  #stopping = false;
  #running: Promise<void> = Promise.resolve();

  constructor(props: AwsDeployerProps) {
    this.#props = props;
    this.cells = new AwsCells(props.config);
  }

  frontDoors(): Promise<readonly TargetRegion[]> {
    return Promise.all(this.cells.names.map((name) => this.cells.frontDoor(name)));
  }

  async firing(region: string): Promise<readonly string[]> {
    const { MetricAlarms = [], CompositeAlarms = [] } = await new CloudWatchClient({ region, ...CALLS }).send(
      new DescribeAlarmsCommand({
        StateValue: 'ALARM',
        AlarmNamePrefix: STACKS.cell(region),
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        MaxRecords: 100,
      }),
    );
    return [...MetricAlarms, ...CompositeAlarms].flatMap(({ AlarmName }) => AlarmName ?? []);
  }

  capacity(): Promise<readonly Capacity[]> {
    return Promise.all(this.cells.names.map((name) => this.#capacityOf(name)));
  }

  async #capacityOf(region: string): Promise<Capacity> {
    const { client, apiFunction } = await this.cells.lambda(region);
    const nowMs = Date.now();
    const [settings, statistics] = await Promise.all([
      client.send(new GetAccountSettingsCommand({})),
      new CloudWatchClient({ region, ...CALLS }).send(
        new GetMetricStatisticsCommand({
          Namespace: 'AWS/Lambda',
          MetricName: 'ConcurrentExecutions',
          Dimensions: [{ Name: 'FunctionName', Value: apiFunction }],
          StartTime: new Date(nowMs - LOOKED_AT_HOURS * 3_600_000),
          EndTime: new Date(nowMs),
          Period: 3_600,
          Statistics: ['Maximum'],
        }),
      ),
    ]);
    const allowed = settings.AccountLimit?.UnreservedConcurrentExecutions ?? 0;
    return { region, allowed, used: Math.max(0, ...(statistics.Datapoints ?? []).map((each) => each.Maximum ?? 0)) };
  }

  async changes(): Promise<readonly StackChanges[]> {
    return Promise.all(
      (await this.#assembled()).map(async ({ name, region, template }) => {
        const deployed = await this.#deployedTemplate(name, region);
        return { stack: name, isNew: deployed === undefined, changes: uncoveredChanges(deployed ?? NOTHING, template) };
      }),
    );
  }

  /** undefined: the stack is not there yet. */
  async #deployedTemplate(StackName: string, region: string): Promise<Template | undefined> {
    try {
      const answer = await this.cells.cloudFormation(region).send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' }));
      return parseTemplate(answer.TemplateBody ?? '');
    } catch (error) {
      if (error instanceof Error && error.name === 'ValidationError' && error.message.includes('does not exist')) return undefined;
      throw error;
    }
  }

  /** Synthesized once: what the pre-flight compares is what is deployed. */
  #assembled(): Promise<readonly AssembledStack[]> {
    this.#assembly ??= this.#synthesize();
    return this.#assembly;
  }

  async #synthesize(): Promise<readonly AssembledStack[]> {
    const { config, folder, ignoreAlarms } = this.#props;
    const output = this.#output();
    const logFile = join(folder, 'synth.log');
    const context = join(folder, 'config.json');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      context,
      JSON.stringify({ ...config, delivery: { ...config.delivery, ignoreAlarms: ignoreAlarms || config.delivery.ignoreAlarms } }),
    );
    await runCdk({ args: ['synth', '--quiet', '--output', output, '--context', `tandem=${context}`], logFile });
    return readAssembly(output);
  }

  #output(): string {
    return join(this.#props.folder, 'cdk.out');
  }

  async deliver({ skip = [] }: DeliveryRequest): Promise<Delivery> {
    if (this.#delivery?.state === 'running') throw new UserError('a delivery runs already; wait for it');
    const stacks = await this.#assembled();
    const waiting = this.cells.names.map(
      (region): RegionDelivery => ({
        region,
        state: skip.includes(region) ? 'skipped' : 'waiting',
        deploymentId: null,
        from: null,
        to: null,
        percent: 0,
        detail: '',
        startedAtMs: null,
        endedAtMs: null,
      }),
    );
    const startedAtMs = Date.now();
    this.#delivery = {
      id: new Date(startedAtMs).toISOString(),
      state: 'running',
      startedAtMs,
      endedAtMs: null,
      regions: waiting,
      detail: '',
    };
    // Also the tables and the routing, when their region is the one that is down.
    this.#running = this.#goThrough(stacks.filter((stack) => !skip.includes(stack.region)));
    return this.#delivery;
  }

  async delivery(): Promise<Delivery | undefined> {
    return this.#delivery;
  }

  async events(): Promise<readonly TargetEvent[]> {
    return this.#events;
  }

  async stopDelivery(): Promise<void> {
    this.#stopping = true;
    const own = this.#delivery?.regions.find((each) => each.startedAtMs !== null && each.endedAtMs === null);
    // Tables and routing have no version to take back: what is begun there ends, and nothing follows.
    if (own !== undefined) await this.#takeBack(own);
    await this.#running;
  }

  /** Through CodeDeploy while it is at work, so that CloudFormation follows; else CloudFormation itself. */
  async #takeBack({ region, deploymentId }: RegionDelivery): Promise<void> {
    if (deploymentId !== null && (await stopDeployment(this.#codeDeployOf(region), deploymentId))) return;
    await this.cells.cloudFormation(region).send(new CancelUpdateStackCommand({ StackName: STACKS.cell(region) }));
  }

  async #goThrough(stacks: readonly AssembledStack[]): Promise<void> {
    let failure: string | undefined;
    for (const stack of stacks) {
      if (this.#stopping) failure ??= 'stopped';
      if (failure !== undefined) break;
      failure = await this.#deployStack(stack);
    }
    if (failure !== undefined)
      for (const { region, state } of this.#delivery?.regions ?? [])
        if (state === 'waiting') this.#change(region, { state: 'cancelled', detail: '' });
    if (this.#delivery)
      this.#delivery = {
        ...this.#delivery,
        state: failure === undefined ? 'succeeded' : 'failed',
        endedAtMs: Date.now(),
        detail: failure ?? '',
      };
  }

  /** @returns why it failed */
  async #deployStack({ name, region }: AssembledStack): Promise<string | undefined> {
    const cell = name === STACKS.cell(region) ? region : undefined;
    const before = cell && (await this.#live(cell));
    if (cell) this.#change(cell, { state: 'deploying', from: before ?? null, startedAtMs: Date.now() });
    const ended = new AbortController();
    const watching = cell ? this.#watch(cell, ended.signal) : Promise.resolve();
    try {
      await runCdk({
        args: ['deploy', name, '--exclusively', '--app', this.#output(), '--require-approval', 'never', '--ci'],
        logFile: join(this.#props.folder, `${name}.log`),
      });
      ended.abort();
      await watching;
      const now = cell && (await this.#live(cell));
      if (cell)
        this.#change(cell, { state: now === before ? 'unchanged' : 'succeeded', to: now ?? null, percent: 100, endedAtMs: Date.now() });
      return undefined;
    } catch (error) {
      ended.abort();
      await watching;
      if (cell) this.#change(cell, { state: 'failed', percent: 0, endedAtMs: Date.now(), detail: messageOf(error).split('\n')[0] ?? '' });
      return messageOf(error);
    }
  }

  /** The version that is live; undefined: none yet, or nobody tells. */
  async #live(region: string): Promise<string | undefined> {
    try {
      return (await readVersions(await this.cells.lambda(region))).live;
    } catch {
      return undefined;
    }
  }

  /** Follows CodeDeploy and the alarms while the stack is deployed. What cannot be read now is read the next time. */
  async #watch(region: string, signal: AbortSignal): Promise<void> {
    let group: DeploymentGroup | undefined;
    let fired: readonly string[] = [];
    while (!signal.aborted) {
      try {
        group ??= await findGroup(this.cells.cloudFormation(region), region);
        const deploymentId = group && (await runningDeployment(this.#codeDeployOf(region), group));
        const progress = deploymentId && (await progressOf(this.#codeDeployOf(region), deploymentId));
        if (deploymentId && progress) this.#change(region, { deploymentId, ...progress });
        const now = await this.firing(region);
        const tell = (alarm: string, state: 'ALARM' | 'OK') =>
          this.#events.push({ atMs: Date.now(), region, kind: 'alarm', alarm, state, detail: `alarm ${alarm} is ${state}` });
        for (const alarm of now) if (!fired.includes(alarm)) tell(alarm, 'ALARM');
        for (const alarm of fired) if (!now.includes(alarm)) tell(alarm, 'OK');
        fired = now;
      } catch {
        // The deployment does not depend on anybody's watching.
      }
      await pause(POLL_MS, signal);
    }
  }

  #codeDeployOf(region: string): CodeDeployClient {
    const client = this.#codeDeploy.get(region) ?? new CodeDeployClient({ region, ...CALLS });
    this.#codeDeploy.set(region, client);
    return client;
  }

  #change(region: string, change: Partial<RegionDelivery>): void {
    if (this.#delivery === undefined) return;
    const regions = this.#delivery.regions.map((each) => (each.region === region ? { ...each, ...change } : each));
    this.#delivery = { ...this.#delivery, regions };
  }
}
