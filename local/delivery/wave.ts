/** One region's part of a delivery: the real `cdk deploy` of its adapted copy, and CodeDeploy's stand-in inside of it. */
import { readPlan } from '../codedeploy/plan.ts';
import { type Release, readRelease } from '../deployment/release.ts';
import { movesAlias } from '../deployment/shifted-alias.ts';
import { RegionStateError } from '../region/region.ts';
import type { WaveProps } from './ports.ts';
import { RegionWatch } from './region-watch.ts';
import { ShiftedUpdate } from './shifted-update.ts';

const UPDATE_MS_MAX = 600_000;

export class Wave {
  readonly #props: WaveProps;
  #stopReason: string | undefined;
  #update: ShiftedUpdate | undefined;

  constructor(props: WaveProps) {
    this.#props = props;
  }

  /** Once. @returns whether the region has the release now; never rejects */
  async run(): Promise<boolean> {
    const { cell, source, signal, onUpdate } = this.#props;
    const { name } = cell.region.props;
    const watch = new RegionWatch(cell.region, signal);
    try {
      signal.throwIfAborted();
      if (cell.region.state !== 'serving') throw this.#notServing();
      const release = readRelease(source, name);
      const moves = movesAlias(cell.release.stack.template, release.stack.template);
      const plan = moves ? readPlan(release.stack) : undefined;
      if (plan === undefined) {
        await this.#updateOnly(release, watch);
        return true;
      }
      this.#update = new ShiftedUpdate({ ...this.#props, release, plan, watch });
      if (this.#stopReason !== undefined) this.#update.stop(this.#stopReason);
      await this.#update.run();
      return true;
    } catch (error) {
      const reason: unknown = watch.signal.aborted ? watch.signal.reason : error;
      onUpdate({ state: 'failed', percent: 0, detail: reason instanceof Error ? reason.message : String(reason) });
      return false;
    } finally {
      watch.close();
    }
  }

  /** Takes the new version back, unless it has all calls for good. */
  stop(reason: string): void {
    this.#stopReason = reason;
    this.#update?.stop(reason);
  }

  /** No version is shifted: the one that serves is the release's, or CodeDeploy has nothing to do with it. */
  async #updateOnly(release: Release, watch: RegionWatch): Promise<void> {
    const { cell, source, target, alarms, onUpdate } = this.#props;
    onUpdate({ state: 'deploying', detail: 'CloudFormation updates the stacks; no version is shifted' });
    await cell.update({ release, source, target, gate: undefined, msMax: UPDATE_MS_MAX }, watch.signal);
    await alarms.refresh([release.stack]);
    onUpdate({ state: 'unchanged', detail: 'the stacks are updated; no version was shifted' });
  }

  #notServing(): RegionStateError {
    const { props, state } = this.#props.cell.region;
    return new RegionStateError(
      `region ${props.name} is ${state}; allowed when it is serving: bring it back first, or leave it out with "--skip ${props.name}"`,
    );
  }
}
