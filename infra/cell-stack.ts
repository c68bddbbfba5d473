import { Annotations, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { dnsNames, OUTPUTS, STAGE } from '../functions/contract/names.ts';
import { Alarms } from './alarms.ts';
import { Api } from './api.ts';
import { Backup } from './backup.ts';
import { backupAlarms, WAIT_FOR_FIRST_LOOK } from './backup-alarms.ts';
import { RestoreTest } from './backup-restore-test.ts';
import { BackupWatch } from './backup-watch.ts';
import type { Bundle } from './bundle.ts';
import { Canary } from './canary.ts';
import { canaryComposites } from './canary-alarms.ts';
import { CanaryIdentity } from './canary-identity.ts';
import { cellAlarms, STOPPING } from './cell-alarms.ts';
import type { Config } from './config.ts';
import { CellDashboard } from './dashboard.ts';
import { Delivery } from './delivery.ts';
import { DeploymentEvents } from './deployment-events.ts';
import { Domains } from './domains.ts';
import { environment } from './environment.ts';
import { FirstJourney } from './first-journey.ts';
import { TandemFunction } from './function.ts';
import { Housekeeping } from './housekeeping.ts';
import { StreamLookup } from './stream-lookup.ts';
import { Tables } from './tables.ts';

/** Seconds: below API Gateway's patience, above what the store's own timeouts add up to. */
const API_TIMEOUT_SECONDS = 10;
/** Processor share grows with memory, and a cold start is all processor: importing, TLS, checking a signature. */
const API_MEMORY_MEGABYTES = 1_024;

export interface CellStackProps extends StackProps {
  readonly config: Config;
  readonly bundle: Bundle;
  readonly release: string;
}

/** What every function of a cell is given. */
const commonOf = ({ config, release }: CellStackProps, tables: Tables) => ({
  tables,
  environment: environment(config, release),
  logRetentionDays: config.logRetentionDays,
});
type Common = ReturnType<typeof commonOf>;

/**
 * Everything one region needs to serve. It has no role among the cells and refers to none of them: what it must know of
 * another stack has a deterministic name.
 */
export class CellStack extends Stack {
  readonly #props: CellStackProps;

  constructor(scope: Construct, id: string, props: CellStackProps) {
    super(scope, id, props);
    this.#props = props;
    const { config, bundle } = props;
    const tables = new Tables(this, 'Tables', {
      regions: config.regions.map(({ name }) => name),
      encryptionKeys: config.encryptionKeys,
    });
    const common = commonOf(props, tables);
    const { handler, api, domains } = this.addApi(common);

    const { streamArn } = new StreamLookup(this, 'StreamLookup', { ...common, code: bundle.code('stream-lookup') });
    const housekeeping = new Housekeeping(this, 'Housekeeping', { ...common, streamArn, code: bundle.code('housekeeping') });
    const backupWatch = this.addBackups(common);

    const watched = {
      region: this.region,
      apiFunction: handler.function,
      version: handler.version,
      housekeepingFunction: housekeeping.handler.function,
      deadLetters: housekeeping.deadLetters,
      peers: config.regions.map(({ name }) => name).filter((name) => name !== this.region),
      behindDomain: config.domain !== undefined,
    };
    const alarms = new Alarms(this, 'Alarms', {
      alarms: [...cellAlarms(watched), ...backupAlarms(config)],
      composites: canaryComposites(watched),
      emails: config.alarms.emails,
    });
    for (const name of WAIT_FOR_FIRST_LOOK) alarms.named(name).node.addDependency(backupWatch.firstLook);
    const front = [api, ...(domains ? [domains] : [])];
    this.addDelivery(common, { handler, api, front, alarms });
    new CellDashboard(this, 'Overview', { ...watched, alarms: alarms.all });

    this.output(OUTPUTS.restApiId, api.restApi.restApiId);
    this.output(OUTPUTS.stageName, STAGE);
    this.output(OUTPUTS.url, config.domain ? `https://${dnsNames(config.domain.name, this.region).regional}` : this.ownUrl(api));
    this.output(OUTPUTS.apiFunction, handler.function.functionName);
    this.output(OUTPUTS.housekeepingFunction, housekeeping.handler.function.functionName);
    this.output(OUTPUTS.deadLetters, housekeeping.deadLetters.queueUrl);
    this.output(OUTPUTS.topic, alarms.topic.topicArn);
    this.warn();
  }

  private addApi({ tables, ...common }: Common) {
    const { config, bundle } = this.#props;
    const handler = new TandemFunction(this, 'Api', {
      ...common,
      description: 'Serves every route of the API',
      code: bundle.code('api'),
      memoryMegabytes: API_MEMORY_MEGABYTES,
      timeoutSeconds: API_TIMEOUT_SECONDS,
    });
    tables.grantData(handler.role);
    tables.grantLookups(handler.role);
    tables.grantControlRead(handler.role);
    tables.grantPeerReads(handler.role);
    const api = new Api(this, 'Gateway', {
      handler: handler.alias,
      throttling: config.throttling,
      origins: config.cors.origins,
      logRetentionDays: config.logRetentionDays,
      behindDomain: config.domain !== undefined,
      accountRole: config.apiGatewayAccountRole,
    });
    const domains = config.domain && new Domains(this, 'Domains', { domain: config.domain, api: api.restApi });
    return { handler, api, domains };
  }

  /** Who keeps the past of the replicas, who tries whether it can be restored, and who looks that both go on. */
  private addBackups({ tables, ...common }: Common): BackupWatch {
    const { config, bundle } = this.#props;
    const { vault, copies } = new Backup(this, 'Backup', { tables, settings: config.backup });
    const { restoreTest: schedule } = config.backup;
    const restoreTest =
      schedule && new RestoreTest(this, 'RestoreTest', { ...common, tables, vault, schedule, code: bundle.code('restore-validation') });
    return new BackupWatch(this, 'BackupWatch', {
      ...common,
      tables,
      vault,
      copies,
      restoreTestPlanArn: restoreTest ? restoreTest.planArn : undefined,
      code: bundle.code('backup-watch'),
    });
  }

  /** Who tries versions, what takes a bad one back, and who writes it down. */
  private addDelivery(
    common: Common,
    { handler, api, front, alarms }: { handler: TandemFunction; api: Api; front: readonly Construct[]; alarms: Alarms },
  ): void {
    const { config, bundle } = this.#props;
    const stopping = STOPPING.map((name) => alarms.named(name));
    const identity = new CanaryIdentity(this, 'CanaryIdentity', { ...common, code: bundle.code('canary-identity') });
    const canary = new Canary(this, 'Canary', {
      ...common,
      identity,
      code: bundle.code('canary'),
      apiUrl: config.domain ? '' : this.ownUrl(api),
      bakeAlarms: stopping,
      ignoreAlarms: config.delivery.ignoreAlarms,
    });
    const delivery = new Delivery(this, 'Delivery', {
      ...common,
      settings: config.delivery,
      api: handler,
      identity,
      code: { beforeTraffic: bundle.code('before-traffic'), afterTraffic: bundle.code('after-traffic') },
      alarms: stopping,
    });
    delivery.group.grantPutLifecycleEventHookExecutionStatus(canary.handler.role);
    const journey = new FirstJourney(this, 'FirstJourney', { ...common, identity, api: handler, code: bundle.code('first-journey') });
    const events = new DeploymentEvents(this, 'DeploymentEvents', {
      ...common,
      group: delivery.group,
      apiFunction: handler.function,
      functions: this.node.findAll().flatMap((each) => (each instanceof TandemFunction ? [each.function] : [])),
      alarms,
      code: bundle.code('deployment-events'),
    });
    // Whoever ends the bake, and whoever writes down how the deployment ended, is of this release as well.
    delivery.before(canary.handler.alias, events.recorder.alias);
    // Without a stage nobody reaches the region, by whatever name.
    api.restApi.deploymentStage.node.addDependency(journey);
    canary.startAfter(...front);
  }

  /** Of the API itself. Its stage is named and not referred to: what the stage waits for may wait for what needs this. */
  private ownUrl(api: Api): string {
    return `https://${api.restApi.restApiId}.execute-api.${this.region}.${this.urlSuffix}/${STAGE}`;
  }

  private output(name: string, value: string): void {
    new CfnOutput(this, name, { value });
  }

  private warn(): void {
    const { config, bundle } = this.#props;
    if (config.auth === 'none') {
      Annotations.of(this).addWarningV2(
        'tandem:auth-none',
        'auth is "none": whoever finds the API may read, order and ship as one and the same subject; set it to "keys" for anything but an experiment',
      );
    }
    if (config.alarms.emails.length === 0) {
      Annotations.of(this).addWarningV2(
        'tandem:nobody-told',
        'alarms.emails is empty: alarms fire and tell nobody; name who is to be paged, or subscribe to the TopicArn of each cell yourself (docs/alarms.md)',
      );
    }
    if (bundle.fault !== undefined) {
      Annotations.of(this).addWarningV2(
        'tandem:fault',
        `the API is BROKEN ON PURPOSE: the fault "${bundle.fault}" is compiled into it; deliver it in a drill only, and leave out "-c fault" for anything else`,
      );
    }
  }
}
