/** Deliveries of the toy: waves, a trial, exposure, an alarm and a bake, in seconds instead of minutes; facts as the real ones write them. */
import type { AlarmState, Delivery, DeliveryRequest, RegionDelivery, RegionDeliveryState } from '../../../functions/contract/delivery.ts';
import { auditItem, bakedItem, bakingItem, endedItem, triedItem } from '../../../functions/core/deployments.ts';
import { MemoryStore } from '../../../functions/core/memory-store.ts';
import type { Item, Store } from '../../../functions/core/store.ts';
import type { Versions } from '../../../ops/delivery/versions.ts';
import type { TargetEvent } from '../../../ops/targets/target.ts';

/** Answers with an error of the new version that make its alarm fire. */
const ERRORS_TO_ALARM = 3;
const WORK_MS = 300;
/** As CodeDeploy says it. */
const ACTIVATED =
  'ALARM_ACTIVE: one or more alarms have been activated, and the deployment has been stopped. Activated alarms: <toy-ToyErrors-1>';

export interface ToyDeliverySettings {
  /** What takes the place of a minute. */
  readonly minuteMs: number;
  readonly exposePercent: number;
  /** Whether the trial finds faults. */
  readonly trialSees: boolean;
  /** Whether anybody is told that a version was taken back. */
  readonly tells: boolean;
}

interface Cell {
  readonly control: MemoryStore;
  versions: { readonly number: string; readonly fault: string | undefined }[];
  live: string;
  percent: number;
  errors: number;
  readonly heard: string[];
}

/** Which version answers a request, and what is wrong with it. */
export interface Serving {
  readonly version: string;
  readonly fault: string | undefined;
}

type Change = Partial<Omit<RegionDelivery, 'region'>>;

export class ToyDeliveries {
  settings: ToyDeliverySettings = { minuteMs: 1_500, exposePercent: 40, trialSees: true, tells: true };
  readonly events: TargetEvent[] = [];
  stopped = 0;
  private readonly cells: ReadonlyMap<string, Cell>;
  private last: Delivery | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(regions: readonly string[]) {
    this.cells = new Map(
      regions.map((name) => [
        name,
        { control: new MemoryStore(), versions: [{ number: '1', fault: undefined }], live: '1', percent: 0, errors: 0, heard: [] },
      ]),
    );
  }

  serve(region: string): Serving {
    const { versions, live, percent } = this.cell(region);
    const newest = versions.at(-1);
    const old = versions.find((each) => each.number === live);
    const chosen = percent > 0 && Math.random() * 100 < percent ? newest : old;
    return { version: chosen?.number ?? '', fault: chosen?.fault };
  }

  failed(region: string, version: string): void {
    const cell = this.cell(region);
    if (version !== cell.live || cell.percent > 0) cell.errors += 1;
  }

  store(region: string): Store {
    return this.cell(region).control;
  }

  readonly control = (region: string, pk: string): Promise<readonly Item[]> => this.cell(region).control.query(pk);

  readonly versions = async (region: string): Promise<Versions> => {
    const { versions, live } = this.cell(region);
    return {
      versions: versions.map(({ number }) => ({ number, publishedAt: '' })).reverse(),
      live,
      revisionId: '',
      weights: new Map(),
    };
  };

  heard(region: string): readonly string[] {
    return this.cell(region).heard;
  }

  current(): Delivery | undefined {
    return this.last;
  }

  begin(request: DeliveryRequest): Delivery {
    const waves = [...this.cells.keys()].map(
      (region): RegionDelivery => ({
        region,
        state: 'waiting',
        deploymentId: null,
        from: this.cell(region).live,
        to: null,
        percent: 0,
        detail: '',
        startedAtMs: null,
        endedAtMs: null,
      }),
    );
    this.last = { id: 'toy', state: 'running', startedAtMs: Date.now(), endedAtMs: null, regions: waves, detail: '' };
    this.stopping = false;
    this.running = this.deliver(request);
    return this.last;
  }

  async stop(): Promise<void> {
    this.stopped += 1;
    this.stopping = true;
    await this.running;
  }

  private async deliver(request: DeliveryRequest): Promise<void> {
    let reason: string | undefined;
    for (const region of this.cells.keys()) {
      if (reason !== undefined) this.change(region, { state: 'cancelled', detail: 'an earlier wave failed' });
      else reason = await this.deliverTo(region, request);
    }
    if (this.last)
      this.last = { ...this.last, state: reason === undefined ? 'succeeded' : 'failed', endedAtMs: Date.now(), detail: reason ?? 'done' };
  }

  /** @returns why it was taken back; undefined: it was not */
  private async deliverTo(region: string, request: DeliveryRequest): Promise<string | undefined> {
    const cell = this.cell(region);
    const to = String(Number(cell.versions.at(-1)?.number ?? 0) + 1);
    const id = `d-${to}`;
    cell.versions = [...cell.versions, { number: to, fault: request.fault }];
    cell.errors = 0;
    const about = () => ({ region, writer: region, atMs: Date.now() });
    cell.heard.push('OK: an alarm that has nothing to do with it');
    const ends = (reason: string | undefined): string | undefined => {
      cell.percent = 0;
      const state = reason === undefined ? 'succeeded' : 'failed';
      this.change(region, { state, percent: reason === undefined ? 100 : 0, detail: reason ?? '', endedAtMs: Date.now() });
      cell.control.place(endedItem(about(), id, { state, reason: reason ?? 'done' }));
      if (reason === undefined) return undefined;
      cell.control.place(auditItem(about(), { who: 'codedeploy', what: `rolled back version ${to}`, why: reason }));
      if (this.settings.tells) cell.heard.push(`deployment ${id} was taken back: ${reason}`);
      // CodeDeploy takes a version back by a deployment of its own, which ends well.
      cell.control.place(endedItem(about(), `${id}-back`, { state: 'succeeded', reason: `took back ${id}` }));
      return reason;
    };
    this.change(region, { state: 'deploying', to, deploymentId: id, startedAtMs: Date.now() });
    await this.wait(WORK_MS);
    this.change(region, { state: 'before-traffic' });
    const sees = this.settings.trialSees && request.fault !== undefined && request.fault !== 'rare';
    cell.control.place(
      triedItem(about(), id, { verdict: sees ? 'fail' : 'pass', detail: sees ? `journey: ${request.fault}` : 'all well', candidate: to }),
    );
    if (sees) return ends(`the trial failed: ${request.fault}`);
    cell.percent = this.settings.exposePercent;
    this.change(region, { state: 'exposed', percent: cell.percent });
    if (await this.trouble(region, request.settings?.exposeMinutes ?? 1)) return ends(this.stopping ? 'stopped' : ACTIVATED);
    cell.percent = 100;
    this.change(region, { state: 'after-traffic', percent: 100 });
    cell.control.place(bakingItem(about(), id, { untilMs: Date.now(), execution: 'x', candidate: to }));
    const baking = await this.trouble(region, request.settings?.bakeMinutes ?? 1);
    cell.control.place(bakedItem(about(), id, { verdict: baking ? 'fail' : 'pass', detail: '' }));
    if (baking) return ends(this.stopping ? 'stopped' : `the bake failed; ${ACTIVATED}`);
    cell.live = to;
    return ends(undefined);
  }

  /** Waits; true when the alarm fires, or somebody stops it, meanwhile. */
  private async trouble(region: string, minutes: number): Promise<boolean> {
    const untilMs = Date.now() + minutes * this.settings.minuteMs;
    while (Date.now() < untilMs && !this.stopping) {
      if (this.cell(region).errors >= ERRORS_TO_ALARM) {
        const detail = 'alarm ToyErrors is ALARM: 3 errors.';
        this.tell({ atMs: Date.now(), region, detail, kind: 'alarm', alarm: 'ToyErrors', state: 'ALARM' satisfies AlarmState });
        return true;
      }
      await this.wait(50);
    }
    return this.stopping;
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  private change(region: string, change: Change): void {
    if (!this.last) return;
    this.last = { ...this.last, regions: this.last.regions.map((each) => (each.region === region ? { ...each, ...change } : each)) };
    const { state, percent }: { readonly state: RegionDeliveryState; readonly percent: number } = this.last.regions.find(
      (each) => each.region === region,
    ) ?? { state: 'failed', percent: 0 };
    this.tell({ atMs: Date.now(), region, detail: `${state} ${percent} %`, kind: 'delivery', state, percent });
  }

  private tell(event: TargetEvent): void {
    this.events.push(event);
  }

  private cell(region: string): Cell {
    const cell = this.cells.get(region);
    if (!cell) throw new Error(`no region ${region}`);
    return cell;
  }
}
