import { Annotations, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { dnsNames, OUTPUTS, STAGE } from '../functions/contract/names.ts';
import { Alarms } from './alarms.ts';
import { Api } from './api.ts';
import { Backup } from './backup.ts';
import type { Bundle } from './bundle.ts';
import { cellAlarms } from './cell-alarms.ts';
import type { Config } from './config.ts';
import { CellDashboard } from './dashboard.ts';
import { Domains } from './domains.ts';
import { environment } from './environment.ts';
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

/**
 * Everything one region needs to serve. It has no role among the cells and refers to none of them: what it must know of
 * another stack has a deterministic name.
 */
export class CellStack extends Stack {
  constructor(scope: Construct, id: string, props: CellStackProps) {
    super(scope, id, props);
    const { config, bundle } = props;
    const logRetentionDays = config.logRetentionDays;
    const peers = config.regions.map(({ name }) => name).filter((name) => name !== this.region);
    const tables = new Tables(this, 'Tables', { encryptionKeys: config.encryptionKeys });

    const handler = new TandemFunction(this, 'Api', {
      description: 'Serves every route of the API',
      code: bundle.code('api'),
      memoryMegabytes: API_MEMORY_MEGABYTES,
      timeoutSeconds: API_TIMEOUT_SECONDS,
      environment: environment(config, props.release),
      logRetentionDays,
    });
    tables.grantData(handler.role);
    tables.grantControlRead(handler.role);
    const api = new Api(this, 'Gateway', {
      handler: handler.alias,
      throttling: config.throttling,
      logRetentionDays,
      behindDomain: config.domain !== undefined,
      accountRole: config.apiGatewayAccountRole,
    });
    if (config.domain) new Domains(this, 'Domains', { domain: config.domain, api: api.restApi });

    const { streamArn } = new StreamLookup(this, 'StreamLookup', { tables, code: bundle.code('stream-lookup'), logRetentionDays });
    const housekeeping = new Housekeeping(this, 'Housekeeping', {
      tables,
      streamArn,
      code: bundle.code('housekeeping'),
      environment: environment(config, props.release),
      logRetentionDays,
    });
    new Backup(this, 'Backup', { tables, retentionDays: config.backupRetentionDays });

    const watched = {
      apiFunction: handler.function,
      housekeepingFunction: housekeeping.handler.function,
      deadLetters: housekeeping.deadLetters,
      peers,
    };
    const { alarms } = new Alarms(this, 'Alarms', { alarms: cellAlarms(watched), emails: config.alarms.emails });
    new CellDashboard(this, 'Overview', { ...watched, alarms });

    this.output(OUTPUTS.restApiId, api.restApi.restApiId);
    this.output(OUTPUTS.stageName, STAGE);
    this.output(
      OUTPUTS.url,
      config.domain
        ? `https://${dnsNames(config.domain.name, this.region).regional}`
        : `https://${api.restApi.restApiId}.execute-api.${this.region}.${this.urlSuffix}/${STAGE}`,
    );
    this.output(OUTPUTS.apiFunction, handler.function.functionName);
    this.output(OUTPUTS.housekeepingFunction, housekeeping.handler.function.functionName);

    if (config.auth === 'none') {
      Annotations.of(this).addWarningV2(
        'tandem:auth-none',
        'auth is "none": whoever finds the API may read, order and ship as one and the same subject; set it to "keys" for anything but an experiment',
      );
    }
  }

  private output(name: string, value: string): void {
    new CfnOutput(this, name, { value });
  }
}
