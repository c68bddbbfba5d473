/** Bootstraps and deploys one region: the real commands, against the region's emulator. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { OUTPUTS, STACKS } from '../../functions/contract/names.ts';
import { runCdk } from './cdk.ts';
import { CANDIDATE } from './twin.ts';

/** Account of every emulator. */
export const ACCOUNT = '000000000000';

const outputsSchema = z.record(z.string(), z.record(z.string(), z.string()));

export interface DeploymentProps {
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly region: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of this region, adapted. */
  readonly assembly: string;
}

/** What the front door and people need to know of a deployed cell. */
export interface CellOutputs {
  readonly restApiId: string;
  /** Of the API on the alias `candidate`; the same where no alias is shifted. */
  readonly candidateRestApiId: string;
  readonly stageName: string;
  /** Name of the API function; empty when the stack does not tell, as all that follow. */
  readonly apiFunction: string;
  readonly topicArn: string;
}

/** Of an update, beside the first deployment. */
export interface UpdateOptions {
  /** Adapted. */
  readonly assembly: string;
  /** With the time that CodeDeploy takes. */
  readonly msMax: number;
}

export class Deployment {
  readonly #props: DeploymentProps;

  constructor(props: DeploymentProps) {
    this.#props = props;
  }

  /** @throws {CdkError} */
  async bootstrap(signal: AbortSignal): Promise<void> {
    await this.#run('bootstrap', ['bootstrap', `aws://${ACCOUNT}/${this.#props.region}`], signal);
  }

  /** The tables only. @throws {CdkError} */
  async deployData(signal: AbortSignal): Promise<void> {
    await this.#deploy([STACKS.data], signal);
  }

  /** The tables, where they are not there yet, then the cell. @throws {CdkError} */
  async deployAll(signal: AbortSignal, update?: UpdateOptions): Promise<CellOutputs> {
    const cell = STACKS.cell(this.#props.region);
    const { [cell]: outputs = {} } = await this.#deploy([STACKS.data, cell], signal, update);
    const { [OUTPUTS.restApiId]: restApiId, [OUTPUTS.stageName]: stageName, [CANDIDATE.output]: candidateRestApiId } = outputs;
    if (restApiId === undefined || stageName === undefined)
      throw new Error(`stack ${cell} has no outputs ${OUTPUTS.restApiId} and ${OUTPUTS.stageName}`);
    return {
      restApiId,
      candidateRestApiId: candidateRestApiId ?? restApiId,
      stageName,
      apiFunction: outputs[OUTPUTS.apiFunction] ?? '',
      topicArn: outputs[OUTPUTS.topic] ?? '',
    };
  }

  async #deploy(stacks: readonly string[], signal: AbortSignal, update?: UpdateOptions): Promise<z.output<typeof outputsSchema>> {
    const outputsFile = join(this.#home, 'outputs.json');
    const options = ['--require-approval', 'never', '--method', 'direct', '--progress', 'events', '--outputs-file', outputsFile];
    const name = update === undefined ? `deploy-${stacks.length}` : 'deliver';
    await this.#run(name, ['deploy', '--app', update?.assembly ?? this.#props.assembly, ...stacks, ...options], signal, update?.msMax);
    return outputsSchema.parse(JSON.parse(readFileSync(outputsFile, 'utf8')));
  }

  get #home(): string {
    return join(this.#props.stateFolder, 'home', this.#props.region);
  }

  async #run(name: string, args: readonly string[], signal: AbortSignal, msMax?: number): Promise<void> {
    const { projectFolder, stateFolder, region, endpoint, accessKeyId, secretAccessKey } = this.#props;
    await runCdk({
      projectFolder,
      args,
      // Not the checkout: `cdk bootstrap` would run the app there.
      cwd: this.#home,
      home: this.#home,
      logFile: join(stateFolder, 'logs', `${name}-${region}.log`),
      signal,
      msMax,
      env: {
        AWS_ENDPOINT_URL: endpoint,
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_MAX_ATTEMPTS: '1',
      },
    });
  }
}
