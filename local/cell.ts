/** Brings one region up: its processes, then the real stacks, then callers. */
import { request } from 'undici';
import { ROUTES } from '../functions/contract/routes.ts';
import type { Json } from './deployment/adapt.ts';
import { Deployment } from './deployment/deploy.ts';
import { applyTableSettings, putControlItems, type TableSettings } from './deployment/tables.ts';
import type { Region } from './region/region.ts';

/** Requests one after the other: cold starts in parallel would take seconds from each other. */
const WARM_REQUESTS = 3;
const WARM_MS_MAX = 15_000;

export interface CellProps {
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
    await this.region.open(`/restapis/${restApiId}/${stageName}/_user_request_`);
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
        throw new Error(`region ${name} is deployed and does not serve: ${ROUTES.health.path} answered ${answer.statusCode} ${text.slice(0, 500)}`);
      }
    }
  }
}
