/** `cdk deploy --all` on this machine: the checkout, wave by wave; and what became of it. One at a time. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Delivery, DeliveryRequest } from '../../functions/contract/delivery.ts';
import { type Config, parseConfig } from '../../infra/config.ts';
import type { Cell } from '../cell.ts';
import type { CodeDeploy } from '../codedeploy/codedeploy.ts';
import { cellOrder } from '../deployment/assembly.ts';
import { synthesize } from '../deployment/synthesize.ts';
import type { EventLog } from '../events.ts';
import type { Clock } from '../route53/clock.ts';
import type { Alarms } from './ports.ts';
import { DeliveryRecord } from './record.ts';
import { Wave } from './wave.ts';

/** Remembered; the oldest is forgotten. */
const DELIVERIES_MAX = 100;

export interface DeliveriesProps {
  /** In the order of the config. */
  readonly cells: readonly Cell[];
  readonly config: Config;
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly codeDeploy: CodeDeploy;
  readonly alarmsOf: (region: string) => Alarms;
  readonly events: Pick<EventLog, 'add'>;
  /** Of CodeDeploy's pauses. */
  readonly clock: Clock;
}

/** What was asked for does not fit what is under way. */
export class DeliveryStateError extends Error {
  override readonly name = 'DeliveryStateError';
}

interface Running {
  readonly record: DeliveryRecord;
  readonly ended: Promise<void>;
}

export class Deliveries {
  readonly #props: DeliveriesProps;
  readonly #records: DeliveryRecord[] = [];
  readonly #closing = new AbortController();
  #running: Running | undefined;
  #wave: { readonly region: string; readonly wave: Wave } | undefined;
  #stopReason: string | undefined;
  #count = 0;

  constructor(props: DeliveriesProps) {
    this.#props = props;
  }

  /** Newest first. */
  list(): readonly Delivery[] {
    return this.#records.map(({ delivery }) => delivery).toReversed();
  }

  /**
   * Begins one.
   * @throws {DeliveryStateError} while one runs
   * @throws {ConfigError} when the settings are not allowed
   */
  begin(request: DeliveryRequest): Delivery {
    this.#closing.signal.throwIfAborted();
    if (this.#running !== undefined)
      throw new DeliveryStateError(`${this.#running.record.delivery.id} runs; wait for its end, or stop it first`);
    const { cells, events, config } = this.#props;
    const settings = withSettings(config, request.settings);
    this.#count += 1;
    const regions = cells.map(({ region }) => region.props.name);
    const record = new DeliveryRecord(`delivery-${this.#count}`, regions, events);
    this.#records.push(record);
    this.#records.splice(0, this.#records.length - DELIVERIES_MAX);
    this.#stopReason = undefined;
    const ended = this.#run(record, request, settings).finally(() => {
      this.#running = undefined;
    });
    this.#running = { record, ended };
    return record.delivery;
  }

  /** Resolves when the region whose turn it is has been rolled back. @throws {DeliveryStateError} when none runs */
  async stop(reason: string): Promise<Delivery> {
    const running = this.#running;
    if (running === undefined) throw new DeliveryStateError('no delivery runs, so there is none to stop');
    this.#stopReason = reason;
    this.#wave?.wave.stop(reason);
    await running.ended;
    return running.record.delivery;
  }

  /** Resolves when no delivery touches the region: at once, or when the part that does has ended. */
  async leave(region: string): Promise<void> {
    if (this.#wave?.region === region) await this.#running?.ended;
  }

  /** Ends all of it, without rolling back: the system ends. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the system ends'));
    await this.#running?.ended;
  }

  async #run(record: DeliveryRecord, request: DeliveryRequest, config: Config): Promise<void> {
    try {
      const source = await this.#synthesize(request, config);
      const order = cellOrder(
        source,
        record.delivery.regions.map(({ region }) => region),
      );
      record.reorder(order);
      record.say('wave by wave');
      for (const region of order) {
        if (this.#stopReason !== undefined) return record.end('failed', this.#stopReason);
        if (request.skip?.includes(region)) record.update(region, { state: 'skipped', detail: 'it is left out, as asked for' });
        else if (!(await this.#deliverTo(record, region, source)))
          return record.end('failed', `${region} failed, and no later region gets it: ${detailOf(record, region)}`);
      }
      record.end('succeeded', 'every region that was not left out has it');
    } catch (error) {
      record.end('failed', error instanceof Error ? error.message : String(error));
    }
  }

  async #synthesize({ fault, marker }: DeliveryRequest, config: Config): Promise<string> {
    const { projectFolder, stateFolder } = this.#props;
    const folder = this.#folder();
    rmSync(folder, { recursive: true, force: true });
    const context = { ...(fault === undefined ? {} : { fault }), ...(marker === undefined ? {} : { marker }) };
    const synthesis = await synthesize({ projectFolder, stateFolder, folder, config, context, signal: this.#closing.signal });
    return synthesis.folder;
  }

  async #deliverTo(record: DeliveryRecord, region: string, source: string): Promise<boolean> {
    const { cells, codeDeploy, alarmsOf, clock } = this.#props;
    const cell = cells.find((each) => each.region.props.name === region);
    if (cell === undefined) throw new Error(`region ${region} is in no cell of this system`);
    const wave = new Wave({
      cell,
      source,
      target: join(this.#folder(), region),
      codeDeploy,
      alarms: alarmsOf(region),
      clock,
      onUpdate: (update) => record.update(region, update),
      signal: this.#closing.signal,
    });
    this.#wave = { region, wave };
    try {
      return await wave.run();
    } finally {
      this.#wave = undefined;
    }
  }

  /** Of the last delivery only: what a region runs is kept with the region. */
  #folder(): string {
    return join(this.#props.stateFolder, 'delivery');
  }
}

/** Checked as the configuration is. */
const withSettings = (config: Config, settings: DeliveryRequest['settings']): Config =>
  parseConfig({ ...config, delivery: { ...config.delivery, ...settings } });

const detailOf = (record: DeliveryRecord, region: string): string =>
  record.delivery.regions.find((each) => each.region === region)?.detail ?? '';
