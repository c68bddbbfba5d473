/** Bootstraps and deploys one region: the real commands, against the region's emulator. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { OUTPUTS, STACKS } from '../../functions/contract/names.ts';
import { runCdk } from './cdk.ts';

/** Account of every emulator. */
const ACCOUNT = '000000000000';

const outputsSchema = z.record(z.string(), z.record(z.string(), z.string()));

export interface DeploymentProps {
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly region: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
  /** Of this region, adapted. */
  readonly assembly: string;
}

/** What the front door and people need to know of a deployed cell. */
export interface CellOutputs {
  readonly restApiId: string;
  readonly stageName: string;
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
  async deployAll(signal: AbortSignal): Promise<CellOutputs> {
    const cell = STACKS.cell(this.#props.region);
    const { [cell]: outputs } = await this.#deploy([STACKS.data, cell], signal);
    const [restApiId, stageName] = [outputs?.[OUTPUTS.restApiId], outputs?.[OUTPUTS.stageName]];
    if (restApiId === undefined || stageName === undefined)
      throw new Error(`stack ${cell} has no outputs ${OUTPUTS.restApiId} and ${OUTPUTS.stageName}`);
    return { restApiId, stageName };
  }

  async #deploy(stacks: readonly string[], signal: AbortSignal): Promise<z.output<typeof outputsSchema>> {
    const outputsFile = join(this.#home, 'outputs.json');
    const options = ['--require-approval', 'never', '--method', 'direct', '--progress', 'events', '--outputs-file', outputsFile];
    await this.#run(`deploy-${stacks.length}`, ['deploy', '--app', this.#props.assembly, ...stacks, ...options], signal);
    return outputsSchema.parse(JSON.parse(readFileSync(outputsFile, 'utf8')));
  }

  get #home(): string {
    return join(this.#props.stateFolder, 'home', this.#props.region);
  }

  async #run(name: string, args: readonly string[], signal: AbortSignal): Promise<void> {
    const { projectFolder, stateFolder, region, endpoint, accessKeyId } = this.#props;
    await runCdk({
      projectFolder,
      args,
      // Not the checkout: `cdk bootstrap` would run the app there.
      cwd: this.#home,
      home: this.#home,
      logFile: join(stateFolder, 'logs', `${name}-${region}.log`),
      signal,
      env: {
        AWS_ENDPOINT_URL: endpoint,
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: 'local',
        AWS_MAX_ATTEMPTS: '1',
      },
    });
  }
}
