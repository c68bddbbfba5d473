/** The system on this machine, attached to: a target of drills, deliveries, recoveries and backups. Only local*.ts know the stand-ins. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { dynamoClient } from '../../functions/aws/clients.ts';
import type { Delivery, DeliveryRequest } from '../../functions/contract/delivery.ts';
import type { Item } from '../../functions/core/store.ts';
import type { LocalEvent, LocalRegion, LocalSystem } from '../../local/control/api.ts';
import { ControlClient, readSystemFile } from '../../local/control/client.ts';
import { clientOptions } from '../../local/emulator-access.ts';
import { placeOf } from '../../local/network.ts';
import { isSupervisor } from '../../local/process/register.ts';
import { subnetNear } from '../../local/route53/latency.ts';
import { messageOf, UserError } from '../errors.ts';
import { LOCAL_FOLDER } from '../folders.ts';
import { refuseServing } from '../recovery/door.ts';
import { tandem } from '../tandem.ts';
import { tellingWhere } from '../unanswered.ts';
import type { BackupTarget, RegionBackups } from './backups.ts';
import { localBackUp, localBackups, localDeleteTable, localRestore, localRestorePoint } from './local-backups.ts';
import { told } from './local-errors.ts';
import { listenToTopic } from './local-listener.ts';
import { readStandIns, type StandIns } from './local-stand-ins.ts';
import { startUnderWay } from './local-starting.ts';
import type { DeliveryTarget, Fault, Listener, LossKind, Target, TargetEvent, TargetRegion } from './target.ts';

/** As many as one answer holds. */
const EVENTS_PER_PAGE = 1_000;
const EVENT_PAGES_MAX = 100;

/** An emulator shares the machine with everything else and answers late at times. A frozen one must not hang its caller. */
const PATIENT = { attemptsMax: 2, connectMs: 5_000, requestMs: 15_000 } as const;

/**
 * The system that runs on this machine, also when another process started it; undefined: none does.
 *
 * @throws {UserError} when it runs and does not answer
 */
export const attachLocal = async (): Promise<LocalTarget | undefined> => {
  const folder = LOCAL_FOLDER;
  const file = readSystemFile(folder);
  if (file === undefined) return undefined;
  // The number of a dead system may be a stranger's, and so may its port: neither gets this system's token.
  if (!(await isSupervisor(folder, file.pid))) return undefined;
  const control = new ControlClient(file);
  try {
    return new LocalTarget(control, await control.system());
  } catch (error) {
    if (!(await isSupervisor(folder, file.pid))) return undefined;
    throw new UserError(
      `the local system (process ${file.pid}) does not answer at ${file.controlUrl}: ${messageOf(error)}; end that process, then start the system again`,
    );
  }
};

/** What is unusual about the system on this machine, a sentence each; none when none runs. */
export const localNotes = async (): Promise<readonly string[]> => {
  const local = await attachLocal();
  local?.close();
  return local?.system.notes ?? [];
};

/**
 * The system that runs on this machine.
 *
 * @param or what else the user can do
 * @throws {UserError} when none does, or is still being started
 */
export const runningLocal = async (or?: string): Promise<LocalTarget> => {
  const running = await attachLocal();
  if (running !== undefined) return running;
  const also = or === undefined ? '' : `, or ${or}`;
  const starting = await startUnderWay(LOCAL_FOLDER);
  throw new UserError(
    starting === undefined
      ? `no local system runs; start one with \`${tandem('start')}\`${also}`
      : `a local system is being started (${starting}); wait until it serves${also}`,
  );
};

/** Regions of the laptop as a target of drills. */
export class LocalTarget implements DeliveryTarget, BackupTarget {
  readonly kind = 'local';
  readonly regions: readonly TargetRegion[];
  readonly dns: Target['dns'];
  readonly #control: ControlClient;
  readonly #clients = new Map<string, DynamoDBClient>();
  readonly #lambdas = new Map<string, LambdaClient>();
  readonly #events: LocalEvent[] = [];
  #system: LocalSystem;

  constructor(control: ControlClient, system: LocalSystem) {
    this.#control = control;
    this.#system = system;
    const names = system.regions.map((each) => each.name);
    this.regions = system.regions.map(({ name, address, port, regionalName }) => ({
      name,
      url: `http://${address}:${port}`,
      host: regionalName,
    }));
    this.dns = {
      name: system.domain,
      server: system.dns,
      doorAt: (address) => placeOf(system.routes, { address, port: system.edgePort }),
      subnetNear: (region) => subnetNear(region, names).address,
    };
  }

  /** As it was after the last change through this object. */
  get system(): LocalSystem {
    return this.#system;
  }

  /** What an SDK client for a region's emulator is made with. */
  access(region: string) {
    return clientOptions(this.#region(region), PATIENT);
  }

  dynamo(region: string): DynamoDBClient {
    const place = this.#region(region);
    const key = `${place.endpoint} ${region}`;
    const client = this.#clients.get(key) ?? tellingWhere(dynamoClient(clientOptions(place, PATIENT)), `${region} at ${place.endpoint}`);
    this.#clients.set(key, client);
    return client;
  }

  async lose(region: string, kind: LossKind): Promise<Fault> {
    const { name } = this.#region(region);
    const fault = {
      kill: { set: () => this.#control.lose(name), end: undefined, shownAs: 'region' },
      freeze: { set: () => this.#control.freeze(name), end: () => this.#control.thaw(name), shownAs: 'region' },
      blackhole: {
        set: () => this.#control.setEdge(name, { kind: 'blackhole' }),
        end: () => this.#control.setEdge(name, { kind: 'none' }),
        shownAs: 'edge',
      },
    }[kind];
    await this.#change(fault.set());
    const effect = (await this.#newEvents()).findLast((event) => event.region === name && event.kind === fault.shownAs);
    const repair = async () => {
      if (fault.end !== undefined) await this.#change(fault.end());
    };
    return { region: name, kind, atMs: effect?.atMs ?? Date.now(), statelost: kind === 'kill', repair };
  }

  async lostRegions(): Promise<readonly string[]> {
    await this.#change(this.#control.system());
    return this.#system.regions.filter((each) => each.state === 'lost' || each.state === 'rebuilding').map((each) => each.name);
  }

  async strickenRegions(): Promise<readonly string[]> {
    await this.#change(this.#control.system());
    return this.#system.regions.flatMap(({ name, state, edge }) => (state === 'serving' && edge.kind === 'none' ? [] : [name]));
  }

  readonly closeDoor = (region: string): Promise<void> => refuseServing(this.regions.find(({ name }) => name === region));

  restartEmpty(region: string, fence: readonly Item[]): Promise<void> {
    return this.#change(this.#control.restart(this.#region(region).name, fence));
  }

  cutLinks(region: string): Promise<void> {
    return this.#links(region, true);
  }

  restoreLinks(region: string): Promise<void> {
    return this.#links(region, false);
  }

  partition(): Promise<void> {
    return this.#pauseLinks(true);
  }

  heal(): Promise<void> {
    return this.#pauseLinks(false);
  }

  admit(region: string): Promise<void> {
    return this.#change(this.#control.admit(this.#region(region).name));
  }

  async events(): Promise<readonly TargetEvent[]> {
    return (await this.#newEvents()).map(targetEvent);
  }

  repairAll(): Promise<void> {
    return this.#change(this.#control.repair());
  }

  deliver(request: DeliveryRequest): Promise<Delivery> {
    return told(this.#control.deliver(request));
  }

  async delivery(): Promise<Delivery | undefined> {
    return (await told(this.#control.deliveries()))[0];
  }

  async stopDelivery(): Promise<void> {
    await told(this.#control.stopDelivery());
  }

  async lambda(region: string): Promise<{ readonly client: LambdaClient; readonly apiFunction: string }> {
    await this.#change(this.#control.system());
    const place = this.#region(region);
    const { name, endpoint, functions } = place;
    const client = this.#lambdas.get(name) ?? tellingWhere(new LambdaClient(clientOptions(place, PATIENT)), `${name} at ${endpoint}`);
    this.#lambdas.set(name, client);
    return { client, apiFunction: functions.api };
  }

  async listen(region: string): Promise<Listener> {
    await this.#change(this.#control.system());
    return listenToTopic({ ...this.#region(region), region });
  }

  backups(region: string): Promise<RegionBackups> {
    return localBackups(this.#region(region), this.dynamo(region));
  }

  backUp(region: string, table: string): Promise<void> {
    return localBackUp(this.dynamo(region), table);
  }

  restore(region: string, given: Parameters<BackupTarget['restore']>[1]): Promise<void> {
    return told(localRestore(this.#region(region), given));
  }

  restorePoint(region: string, given: Parameters<BackupTarget['restorePoint']>[1]): Promise<void> {
    return localRestorePoint(this.dynamo(region), given);
  }

  deleteTable(region: string, name: string): Promise<void> {
    return localDeleteTable(this.dynamo(region), name);
  }

  /** Alarms of a region's cell that fire. */
  async firing(region: string): Promise<readonly string[]> {
    await this.#change(this.#control.system());
    return this.#region(region).alarms.flatMap((alarm) => (alarm.state === 'ALARM' ? [alarm.id] : []));
  }

  standIns(): StandIns {
    return readStandIns(LOCAL_FOLDER);
  }

  /** Ends the connections of this object; the system goes on. */
  close(): void {
    for (const client of [...this.#clients.values(), ...this.#lambdas.values()]) client.destroy();
  }

  #region(name: string): LocalRegion {
    const region = this.#system.regions.find((each) => each.name === name);
    if (region === undefined)
      throw new UserError(`given region "${name}"; allowed: ${this.#system.regions.map((each) => each.name).join(', ')}`);
    return region;
  }

  async #change(answer: Promise<LocalSystem>): Promise<void> {
    this.#system = await told(answer);
  }

  async #links(region: string, cut: boolean): Promise<void> {
    const others = this.regions.flatMap(({ name }) => (name === region ? [] : [name]));
    const pairs = others.flatMap((other) => [
      { from: other, to: region },
      { from: region, to: other },
    ]);
    for (const pair of pairs) await this.#change(this.#control.setLink({ ...pair, cut }));
  }

  async #pauseLinks(paused: boolean): Promise<void> {
    for (const { from, to, cut } of this.#system.links) if (!cut) await this.#change(this.#control.setLink({ from, to, paused }));
  }

  async #newEvents(): Promise<readonly LocalEvent[]> {
    for (let page = 0; page < EVENT_PAGES_MAX; page += 1) {
      const events = await told(this.#control.events(this.#events.at(-1)?.id ?? 0));
      this.#events.push(...events);
      if (events.length < EVENTS_PER_PAGE) break;
    }
    return this.#events;
  }
}

const targetEvent = (event: LocalEvent): TargetEvent => {
  const { atMs, region, detail } = event;
  switch (event.kind) {
    case 'check':
      return { atMs, region, detail, kind: event.kind, check: event.check, role: event.role, healthy: event.healthy };
    case 'answer':
      return { atMs, region, detail, kind: event.kind, addresses: event.addresses };
    case 'alarm':
      return { atMs, region, detail, kind: event.kind, alarm: event.alarm, state: event.state };
    case 'delivery':
      return { atMs, region, detail, kind: event.kind, state: event.state, percent: event.percent };
    case 'region':
    case 'edge':
    case 'link':
      return { atMs, region, detail, kind: event.kind };
  }
};
