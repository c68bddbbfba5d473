/** Brings one region up: its processes, then the real stacks, then callers. */
import { join } from 'node:path';
import { request } from 'undici';
import { ROUTES } from '../functions/contract/routes.ts';
import type { Json } from './deployment/template.ts';
import { Deployment } from './deployment/deploy.ts';
import { applyTableSettings, putControlItems, type TableSettings } from './deployment/tables.ts';
import type { EventLog } from './events.ts';
import { SHARED_ADDRESS } from './loopback.ts';
import type { Register } from './process/register.ts';
import { Region, type RegionProps } from './region/region.ts';

/** Requests one after the other: cold starts in parallel would take seconds from each other. */
const WARM_REQUESTS = 3;
const WARM_MS_MAX = 15_000;

interface CellProps {
  readonly region: Region;
  readonly projectFolder: string;
  readonly stateFolder: string;
  /** Folder of the region's own assembly; written before the first deployment. */
  readonly assembly: string;
}

export class Cell {
  readonly region: Region;
  readonly #deployment: Deployment;

  constructor(props: CellProps) {
    const { name, endpoint, accessKeyId } = props.region.props;
    this.region = props.region;
    this.#deployment = new Deployment({ ...props, region: name, endpoint, accessKeyId });
  }

  /** Processes, and the CDK's own stack. Needs no assembly. */
  async prepare(state: 'starting' | 'rebuilding', signal: AbortSignal): Promise<void> {
    await this.region.start(state);
    await this.#deployment.bootstrap(signal);
  }

  /** Deploys the stacks and lets callers in. @throws when the API does not answer */
  async deploy(tables: readonly TableSettings[], signal: AbortSignal): Promise<void> {
    const { restApiId, stageName } = await this.#deployment.deployAll(signal);
    await applyTableSettings(this.region.props, tables);
    const stagePath = `/restapis/${restApiId}/${stageName}/_user_request_`;
    await this.region.open(stagePath, stagePath);
    await this.#warm(signal);
  }

  /** The same for a region that was lost: items of `fence` are in its control table before any function can run. */
  async redeploy(tables: readonly TableSettings[], fence: readonly Json[], signal: AbortSignal): Promise<void> {
    await this.#deployment.deployData(signal);
    await putControlItems(this.region.props, fence);
    await this.deploy(tables, signal);
  }

  /** Cold starts are over before callers come. */
  async #warm(signal: AbortSignal): Promise<void> {
    const { name, address, port, regionalName } = this.region.props;
    for (let sent = 0; sent < WARM_REQUESTS; sent += 1) {
      const answer = await request(`http://${address}:${port}${ROUTES.health.path}`, {
        headers: { host: regionalName },
        signal: AbortSignal.any([signal, AbortSignal.timeout(WARM_MS_MAX)]),
      });
      const text = await answer.body.text();
      // A region that may not serve yet says 503; 502 and 404 come from whoever stands before the function.
      if (answer.statusCode !== 200 && answer.statusCode !== 503) {
        throw new Error(
          `region ${name} is deployed and does not serve: ${ROUTES.health.path} answered ${answer.statusCode} ${text.slice(0, 500)}`,
        );
      }
    }
  }
}

export interface CellSettings extends Pick<RegionProps, 'credentials' | 'functionEnvironment' | 'onServed'> {
  readonly name: string;
  /** Of its front door. */
  readonly address: string;
  /** Its own name and the one it shares with the others. */
  readonly regional: string;
  readonly shared: string;
  readonly ports: { readonly edge: number; readonly edgeTls: number; readonly emulator: number };
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
  const { name, address, regional, shared, ports, endpoint, projectFolder, stateFolder, assembly, register, events } = settings;
  const { credentials, functionEnvironment, onServed } = settings;
  const region = new Region({
    name,
    address,
    port: ports.edge,
    tlsPort: ports.edgeTls,
    credentials,
    functionEnvironment,
    onServed,
    regionalName: regional,
    sharedName: shared,
    endpoint: endpoint ?? `http://${SHARED_ADDRESS}:${ports.emulator}`,
    // Not of 12 digits: emulators take such a key for the number of an account.
    accessKeyId: `local-${name}`,
    emulator: endpoint === undefined ? { python: join(projectFolder, '.venv', 'bin', 'python'), port: ports.emulator } : null,
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
