/** Brings one region up: its processes, then the real stacks, then callers. */
import { join } from 'node:path';
import { ROUTES } from '../functions/contract/routes.ts';
import { writeRegionAssembly } from './deployment/assembly.ts';
import { type CellOutputs, Deployment } from './deployment/deploy.ts';
import type { Gate } from './deployment/gate.ts';
import type { Release } from './deployment/release.ts';
import { applyTableSettings, putControlItems } from './deployment/tables.ts';
import type { Json } from './deployment/template.ts';
import type { EventLog } from './events.ts';
import { emulatorUrl } from './loopback.ts';
import { loopbackRequest } from './loopback-request.ts';
import type { RegionPlaces } from './network.ts';
import type { Register } from './process/register.ts';
import { Region, type RegionProps } from './region/region.ts';

/** Requests one after the other: cold starts in parallel would take seconds from each other. */
const WARM_REQUESTS = 3;
/** Longer than a front door waits for its region: then it is the front door that says what is wrong. */
const WARM_MS_MAX = 35_000;

interface CellProps {
  readonly region: Region;
  readonly projectFolder: string;
  readonly stateFolder: string;
  /** Folder of the region's own assembly; written before the first deployment. */
  readonly assembly: string;
}

export interface CellUpdate {
  readonly release: Release;
  /** The assembly that holds it, as AWS would get it. */
  readonly source: string;
  /** Where the region's copy goes for this update. */
  readonly target: string;
  /** Where CloudFormation waits for CodeDeploy. */
  readonly gate: Gate | undefined;
  readonly msMax: number;
}

export class Cell {
  readonly region: Region;
  readonly #deployment: Deployment;
  readonly #assembly: string;
  #release: Release | undefined;
  #outputs: CellOutputs | undefined;

  constructor(props: CellProps) {
    const { name, endpoint, accessKeyId, secretAccessKey } = props.region.props;
    this.region = props.region;
    this.#assembly = props.assembly;
    this.#deployment = new Deployment({ ...props, region: name, endpoint, accessKeyId, secretAccessKey });
  }

  /** What it runs, and runs again when it comes back after a loss. @throws before the first deployment */
  get release(): Release {
    if (this.#release === undefined) throw new Error(`region ${this.region.props.name} has not been deployed yet`);
    return this.#release;
  }

  /** Undefined while its stacks are not deployed. */
  get outputs(): CellOutputs | undefined {
    return this.region.state === 'lost' ? undefined : this.#outputs;
  }

  /** Processes, and the CDK's own stack. Needs no assembly. */
  async prepare(state: 'starting' | 'rebuilding', signal: AbortSignal): Promise<void> {
    this.#outputs = undefined;
    await this.region.start(state);
    await this.#deployment.bootstrap(signal);
  }

  /**
   * Deploys the stacks and lets callers in.
   * @param release that its assembly holds
   * @throws when the API does not answer
   */
  async deploy(release: Release, signal: AbortSignal): Promise<void> {
    this.#release = release;
    const outputs = await this.#deployment.deployAll(signal);
    await applyTableSettings(this.region.props, release.tables);
    await this.region.open(stagePath(outputs.restApiId, outputs), stagePath(outputs.candidateRestApiId, outputs));
    await this.#warm(signal);
    this.#outputs = outputs;
  }

  /** The same for a region that was lost: items of `fence` are in its control table before any function can run. */
  async redeploy(fence: readonly Json[], signal: AbortSignal): Promise<void> {
    await this.#deployment.deployData(signal);
    await putControlItems(this.region.props, fence);
    await this.deploy(this.release, signal);
  }

  /**
   * Deploys another release to the stacks that are there; callers stay where they are. What it runs after a loss changes
   * only when this has ended well.
   */
  async update({ release, source, target, gate, msMax }: CellUpdate, signal: AbortSignal): Promise<void> {
    const { name } = this.region.props;
    const before = this.#outputs;
    writeRegionAssembly(source, target, name, gate);
    const outputs = await this.#deployment.deployAll(signal, { assembly: target, msMax });
    writeRegionAssembly(source, this.#assembly, name);
    this.#release = release;
    this.#outputs = outputs;
    await applyTableSettings(this.region.props, release.tables);
    if (outputs.restApiId !== before?.restApiId || outputs.candidateRestApiId !== before.candidateRestApiId)
      throw new Error(`region ${name} has another REST API now, and its front door leads to the one before; start the system again`);
  }

  /** Cold starts are over before callers come. */
  async #warm(signal: AbortSignal): Promise<void> {
    const { name, address, port, regionalName } = this.region.props;
    for (let sent = 0; sent < WARM_REQUESTS; sent += 1) {
      const { statusCode, text } = await loopbackRequest(`http://${address}:${port}${ROUTES.health.path}`, {
        headers: { host: regionalName },
        withinMs: WARM_MS_MAX,
        signal,
      });
      // A region that may not serve yet says 503; 502 and 404 come from whoever stands before the function.
      if (statusCode !== 200 && statusCode !== 503) {
        throw new Error(
          `region ${name} is deployed and does not serve: ${ROUTES.health.path} answered ${statusCode} ${text.slice(0, 500)}`,
        );
      }
    }
  }
}

const stagePath = (restApiId: string, { stageName }: CellOutputs): string => `/restapis/${restApiId}/${stageName}/_user_request_`;

export interface CellSettings
  extends Pick<RegionProps, 'credentials' | 'secretAccessKey' | 'functionEnvironment' | 'origins' | 'onServed' | 'onHanded'> {
  readonly name: string;
  readonly places: Pick<RegionPlaces, 'dnsAddress' | 'edge' | 'edgeTls'>;
  /** Its own name and the one it shares with the others. */
  readonly regional: string;
  readonly shared: string;
  readonly emulatorPort: number;
  /** Of a foreign emulator; undefined: the region has its own. */
  readonly endpoint: string | undefined;
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly assembly: string;
  readonly register: Register;
  readonly events: EventLog;
  /** The region was lost, and nobody had asked for that. */
  readonly onTrouble: (detail: string) => void;
}

export const makeCell = (settings: CellSettings): Cell => {
  const { name, places, regional, shared, emulatorPort, endpoint, projectFolder, stateFolder, assembly, register, events } = settings;
  const { credentials, secretAccessKey, functionEnvironment, onServed, onHanded } = settings;
  const region = new Region({
    name,
    dnsAddress: places.dnsAddress,
    address: places.edge.address,
    port: places.edge.port,
    tlsPort: places.edgeTls.port,
    credentials,
    functionEnvironment,
    onServed,
    onHanded,
    regionalName: regional,
    sharedName: shared,
    ...(settings.origins && { origins: settings.origins }),
    endpoint: endpoint ?? emulatorUrl(emulatorPort),
    // Not of 12 digits: emulators take such a key for the number of an account.
    accessKeyId: `local-${name}`,
    secretAccessKey,
    emulator: endpoint === undefined ? { python: join(projectFolder, '.venv', 'bin', 'python'), port: emulatorPort } : null,
    folder: join(stateFolder, 'regions', name),
    register,
    onState: (state, detail, unexpected) => {
      events.add({ kind: 'region', region: name, state, detail, atMs: Date.now() });
      if (unexpected) settings.onTrouble(detail);
    },
    onEdge: (fault, detail) => events.add({ kind: 'edge', region: name, fault, detail, atMs: Date.now() }),
  });
  return new Cell({ region, projectFolder, stateFolder, assembly });
};
