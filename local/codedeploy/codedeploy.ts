/** The stand-in for CodeDeploy of all regions: runs deployments, remembers them, and answers the functions about them. */
import type { Clock } from '../route53/clock.ts';
import { Deployment, type DeploymentPorts, type Phase } from './deployment.ts';
import type { Notification } from './emulator.ts';
import { newDeploymentId } from './ids.ts';
import { notifiedState, type Outcome, rollbackEvent } from './outcome.ts';
import type { DeploymentPlan } from './plan.ts';
import { type DeploymentRecord, deploymentInfo, type RecordProps, rollbackInfo } from './records.ts';
import { type CodeDeployServer, startCodeDeployServer } from './server.ts';

/** In a region; the oldest is forgotten. */
const RECORDS_MAX = 1_000;

export interface DeploymentRequest {
  readonly region: string;
  /** Chosen by `newDeploymentId`. */
  readonly id: string;
  readonly plan: DeploymentPlan;
  /** Physical names of what the plan names by logical id; undefined for what the stack does not have. */
  readonly physicalName: (logicalId: string) => string | undefined;
  readonly clock: Clock;
  readonly ports: DeploymentPorts & { readonly notify: (notification: Notification) => Promise<void> };
}

export class CodeDeploy {
  readonly #records = new Map<string, Map<string, DeploymentRecord>>();
  readonly #server: CodeDeployServer;

  private constructor(server: CodeDeployServer, records: Map<string, Map<string, DeploymentRecord>>) {
    this.#server = server;
    this.#records = records;
  }

  /** Answers on a port of that address. */
  static async start(address: string): Promise<CodeDeploy> {
    const records = new Map<string, Map<string, DeploymentRecord>>();
    return new CodeDeploy(await startCodeDeployServer(address, (region, id) => records.get(region)?.get(id)), records);
  }

  get listener() {
    return { kind: 'codeDeploy', protocol: 'tcp', address: this.#server.address, port: this.#server.port } as const;
  }

  /** For `AWS_ENDPOINT_URL_CODEDEPLOY` of a region's functions. */
  url(region: string): string {
    return this.#server.url(region);
  }

  /**
   * Begins a deployment.
   * @throws when the stack lacks what the plan names
   */
  begin({ region, id, plan, physicalName, clock, ports }: DeploymentRequest): {
    readonly deployment: Deployment;
    readonly ended: Promise<Outcome>;
  } {
    const named = (given: { readonly logicalId: string } | string): string => {
      const name = typeof given === 'string' ? given : physicalName(given.logicalId);
      if (name === undefined) throw new Error(`the stack in ${region} has no ${typeof given === 'string' ? given : given.logicalId}`);
      return name;
    };
    const { before, after } = plan.hooks;
    const record: RecordProps = { ...plan, id, createdAtMs: Date.now() };
    let endedAtMs: number | undefined;
    let rollbackId: string | undefined;
    const deployment = new Deployment({
      id,
      steps: plan.steps,
      hooks: {
        ...(before === undefined ? {} : { BeforeAllowTraffic: named(before) }),
        ...(after === undefined ? {} : { AfterAllowTraffic: named(after) }),
      },
      alarms: plan.alarms.enabled ? plan.alarms.watched.map(named) : [],
      ignorePollFailure: plan.alarms.ignorePollFailure,
      clock,
      ports: {
        ...ports,
        onPhase: (phase: Phase) => {
          if (phase.name === 'ended') endedAtMs = Date.now();
          ports.onPhase(phase);
        },
      },
    });
    this.#remember(region, id, {
      answer: (execution, status) => deployment.answer(execution, status),
      info: () => deploymentInfo(record, { phase: deployment.phase, endedAtMs, rollbackId }),
    });
    // Told as well as can be, as on AWS: an event that is lost stops no deployment.
    const notify = async (of: string, state: Notification['state']): Promise<void> => {
      const { application, group } = plan;
      await ports.notify({ deploymentId: of, state, application, group }).catch(() => undefined);
    };
    const run = async (): Promise<Outcome> => {
      await notify(id, 'START');
      const outcome = await deployment.run();
      const event = rollbackEvent(outcome);
      const rollsBack = event !== undefined && plan.rollbackOn.includes(event);
      if (rollsBack) rollbackId = newDeploymentId();
      await notify(id, notifiedState(outcome));
      if (rollbackId !== undefined) await this.#rollBack(region, { ...record, id: rollbackId, createdAtMs: Date.now() }, id, notify);
      return outcome;
    };
    return { deployment, ended: run() };
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  /** https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html: technically a new deployment. */
  async #rollBack(
    region: string,
    record: RecordProps,
    trigger: string,
    notify: (of: string, state: Notification['state']) => Promise<void>,
  ): Promise<void> {
    this.#remember(region, record.id, { answer: () => 'unknown', info: () => rollbackInfo(record, trigger) });
    await notify(record.id, 'START');
    await notify(record.id, 'SUCCESS');
  }

  #remember(region: string, id: string, record: DeploymentRecord): void {
    const records = this.#records.get(region) ?? new Map<string, DeploymentRecord>();
    records.set(id, record);
    for (const oldest of [...records.keys()].slice(0, Math.max(0, records.size - RECORDS_MAX))) records.delete(oldest);
    this.#records.set(region, records);
  }
}
