/**
 * What is written down of a region's deployments: facts, each written once. Whoever comes second, because a function was
 * invoked again, meets the first one's.
 */
import {
  type AuditEntry,
  auditItem,
  bakeBeganItem,
  bakedItem,
  bakeOf,
  bakesBegunSince,
  bakingItem,
  type DeploymentView,
  deploymentPrefix,
  deploymentsKey,
  endedItem,
  foldDeployments,
  triedItem,
} from '../core/deployments.ts';
import { numberOf } from '../core/item.ts';
import { foldControl, REGIONS_KEY } from '../core/operations.ts';
import type { Clock, Item, Store } from '../core/store.ts';
import { writerName } from '../core/writer.ts';

export interface RecordsProps {
  readonly control: Pick<Store, 'query' | 'transact'>;
  readonly region: string;
  /** `writerName` of the region's present incarnation. */
  readonly writer: string;
  readonly clock: Clock;
}

/** Name under which a region writes. From the control table alone: what is recorded must not need the data table. */
export const writerOfRegion = async (control: Pick<Store, 'query'>, region: string): Promise<string> =>
  writerName(foldControl(region, await control.query(REGIONS_KEY)));

export const openRecords = async (given: Omit<RecordsProps, 'writer'>): Promise<DeploymentRecords> =>
  new DeploymentRecords({ ...given, writer: await writerOfRegion(given.control, given.region) });

type About = Parameters<typeof triedItem>[0];

export class DeploymentRecords {
  readonly #props: RecordsProps;

  constructor(props: RecordsProps) {
    this.#props = props;
  }

  /** Costs the same however many deployments there were. */
  async find(id: string): Promise<DeploymentView | undefined> {
    const { control, region } = this.#props;
    return foldDeployments(await control.query(deploymentsKey(region), deploymentPrefix(id))).deployments.find((each) => each.id === id);
  }

  /** Deployments whose bake began so many milliseconds ago or later, the oldest first: the days' own bakes, and no others, are read. */
  async bakesSince(ageMsMax: number): Promise<readonly DeploymentView[]> {
    const { control, region, clock } = this.#props;
    const nowMs = clock.now();
    const days = await Promise.all(bakesBegunSince(nowMs, ageMsMax).map((day) => control.query(deploymentsKey(region), day)));
    const young = days.flat().filter((item) => nowMs - (numberOf(item, 'at') ?? 0) < ageMsMax);
    const found = await Promise.all([...new Set(young.map(bakeOf))].map((id) => this.find(id)));
    return found.filter((each) => each !== undefined).sort((a, b) => (a.bake?.atMs ?? 0) - (b.bake?.atMs ?? 0));
  }

  tried(id: string, trial: Parameters<typeof triedItem>[2]): Promise<void> {
    return this.#put((about) => triedItem(about, id, trial));
  }

  baking(id: string, bake: Omit<Parameters<typeof bakingItem>[2], 'untilMs'> & { readonly bakeMs: number }): Promise<void> {
    const { execution, candidate, bakeMs } = bake;
    return this.#put(
      (about) => bakingItem(about, id, { execution, candidate, untilMs: about.atMs + bakeMs }),
      (about) => bakeBeganItem(about, id),
    );
  }

  baked(id: string, given: Parameters<typeof bakedItem>[2]): Promise<void> {
    return this.#put((about) => bakedItem(about, id, given));
  }

  ended(id: string, given: Parameters<typeof endedItem>[2]): Promise<void> {
    return this.#put((about) => endedItem(about, id, given));
  }

  audit(entry: Omit<AuditEntry, 'atMs'>): Promise<void> {
    return this.#put((about) => auditItem(about, entry));
  }

  /** All or none. */
  async #put(...made: readonly ((about: About) => Item)[]): Promise<void> {
    const { control, region, writer, clock } = this.#props;
    const about = { region, writer, atMs: clock.now() };
    await control.transact(made.map((make) => ({ action: 'put', item: make(about), guards: [{ is: 'absent' }] })));
  }
}
