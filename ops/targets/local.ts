/** The system on this machine, through its control API. The only file of this room that knows the stand-ins. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Agent, request } from 'undici';
import { dynamoClient } from '../../functions/aws/clients.ts';
import type { Item } from '../../functions/core/store.ts';
import type { Config } from '../../infra/config.ts';
import {
  CONTROL_TOKEN_HEADER,
  type EdgeFault,
  type LocalEvent,
  type LocalRegion,
  type LocalSystem,
  type SystemFile,
} from '../../local/control/api.ts';
import { subnetNear } from '../../local/route53/latency.ts';
import { messageOf, UserError } from '../errors.ts';
import { STATE } from '../folders.ts';
import type { Progress } from '../progress.ts';
import type { Fault, LossKind, Target, TargetEvent, TargetRegion } from './target.ts';

/** Reading the state is quick; restarting a region deploys its stacks. */
const READ_TIMEOUT_MS = 5_000;
const CHANGE_TIMEOUT_MS = 300_000;
/** As many as one answer holds. */
const EVENTS_PER_PAGE = 1_000;
const EVENT_PAGES_MAX = 100;

const systemFile = join(STATE, 'local', 'system.json');

/** The system that runs on this machine, also when another process started it; undefined: none does. */
export const attachLocal = async (): Promise<LocalTarget | undefined> => {
  const file = readSystemFile();
  if (file === undefined) return undefined;
  const control = new ControlApi(file);
  try {
    return new LocalTarget(control, await control.system());
  } catch (error) {
    // Its process is gone, or the port is another program's by now.
    if (isAlive(file.pid))
      throw new UserError(
        `the local system (process ${file.pid}) does not answer at ${file.controlUrl}: ${messageOf(error)}; end it, then start it again`,
      );
    await control.close();
    return undefined;
  }
};

export interface StartProps {
  readonly config: Config;
  readonly options: LocalPorts;
  readonly progress: Progress;
  /** Ends the start early. What was started is ended. */
  readonly signal: AbortSignal;
}

export interface LocalPorts {
  /** Of an emulator that runs already, and serves all regions. */
  readonly endpoint?: string;
  readonly edgePort?: number;
  readonly dnsPort?: number;
  readonly controlPort?: number;
  readonly emulatorPort?: number;
}

/** Runs `work` with the system that runs on this machine, else with one that is started for it and ended after it. */
export const withLocalSystem = async <T>(props: StartProps, work: (target: LocalTarget) => Promise<T>): Promise<T> => {
  const running = await attachLocal();
  if (running === undefined) return withNewLocalSystem(props, work);
  try {
    return await work(running);
  } finally {
    await running.close();
  }
};

/**
 * Runs `work` with a system of its own, which ends after it, whatever happens.
 *
 * @throws {UserError} when one runs already
 */
export const withNewLocalSystem = async <T>(
  { config, options, progress, signal }: StartProps,
  work: (target: LocalTarget) => Promise<T>,
): Promise<T> => {
  const running = await attachLocal();
  if (running !== undefined) {
    await running.close();
    throw new UserError(
      `a local system runs already (process ${running.system.pid}); end it with Ctrl-C, or use it: \`tandem status\`, \`tandem drill\`, \`tandem token\``,
    );
  }
  throw new Error('not there');
};

const readSystemFile = (): SystemFile | undefined => {
  try {
    const file: SystemFile = JSON.parse(readFileSync(systemFile, 'utf8'));
    return file;
  } catch {
    return undefined;
  }
};

/** Signal 0 is delivered to nobody. */
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

class ControlApi {
  readonly #file: SystemFile;
  readonly #agent = new Agent({ headersTimeout: CHANGE_TIMEOUT_MS, bodyTimeout: CHANGE_TIMEOUT_MS });

  constructor(file: SystemFile) {
    this.#file = file;
  }

  async system(): Promise<LocalSystem> {
    const system: LocalSystem = await this.#ask('GET', '/system', undefined, READ_TIMEOUT_MS);
    return system;
  }

  async events(after: number): Promise<readonly LocalEvent[]> {
    const events: readonly LocalEvent[] = await this.#ask('GET', `/events?after=${after}`, undefined, READ_TIMEOUT_MS);
    return events;
  }

  async change(path: string, body?: unknown): Promise<LocalSystem> {
    const system: LocalSystem = await this.#ask('POST', path, body, CHANGE_TIMEOUT_MS);
    return system;
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #ask(method: 'GET' | 'POST', path: string, body: unknown, timeoutMs: number) {
    const response = await request(new URL(path, this.#file.controlUrl), {
      method,
      dispatcher: this.#agent,
      headers: { [CONTROL_TOKEN_HEADER]: this.#file.token, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.body.text();
    if (response.statusCode === 200) return JSON.parse(text);
    throw new UserError(`the local system refused ${method} ${path}: ${refusalIn(text)}`);
  }
}

const refusalIn = (text: string): string => {
  try {
    const { error }: { readonly error?: unknown } = JSON.parse(text);
    return typeof error === 'string' ? error : text;
  } catch {
    return text;
  }
};

/** Regions of the laptop as a target of drills. */
export class LocalTarget implements Target {
  readonly kind = 'local';
  readonly regions: readonly TargetRegion[];
  readonly dns: Target['dns'];
  readonly #control: ControlApi;
  readonly #clients = new Map<string, DynamoDBClient>();
  readonly #events: LocalEvent[] = [];
  #system: LocalSystem;

  constructor(control: ControlApi, system: LocalSystem) {
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
      port: system.regions[0]?.port ?? 0,
      subnetNear: (region) => subnetNear(region, names).address,
    };
  }

  /** As it was after the last change through this object. */
  get system(): LocalSystem {
    return this.#system;
  }

  dynamo(region: string): DynamoDBClient {
    const { endpoint, accessKeyId } = this.#region(region);
    const known = this.#clients.get(endpoint);
    if (known !== undefined) return known;
    const client = dynamoClient({ region, endpoint, credentials: { accessKeyId, secretAccessKey: 'local' } });
    this.#clients.set(endpoint, client);
    return client;
  }

  async lose(region: string, kind: LossKind): Promise<Fault> {
    const repaired = { kill: undefined, freeze: () => this.#change(region, 'thaw'), blackhole: () => this.#edge(region, { kind: 'none' }) }[
      kind
    ];
    await (kind === 'blackhole' ? this.#edge(region, { kind: 'blackhole' }) : this.#change(region, kind === 'kill' ? 'lose' : 'freeze'));
    const effect = (await this.#newEvents()).findLast(
      (event) => event.region === region && (kind === 'blackhole' ? event.kind === 'edge' : event.kind === 'region'),
    );
    return { region, kind, atMs: effect?.atMs ?? Date.now(), statelost: kind === 'kill', repair: async () => repaired?.() };
  }

  async lostRegions(): Promise<readonly string[]> {
    this.#system = await this.#control.system();
    return this.#system.regions.filter((each) => each.state === 'lost' || each.state === 'rebuilding').map((each) => each.name);
  }

  async restartEmpty(region: string, fence: readonly Item[]): Promise<void> {
    await this.#change(region, 'restart', { fence });
  }

  cutLinks(region: string): Promise<void> {
    return this.#links(region, true);
  }

  restoreLinks(region: string): Promise<void> {
    return this.#links(region, false);
  }

  async admit(region: string): Promise<void> {
    await this.#change(region, 'admit');
  }

  async events(): Promise<readonly TargetEvent[]> {
    await this.#newEvents();
    return this.#events.map(targetEvent);
  }

  async repairAll(): Promise<void> {
    this.#system = await this.#control.change('/repair');
  }

  /** Ends the connections of this object; the system goes on. */
  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.destroy();
    await this.#control.close();
  }

  #region(name: string): LocalRegion {
    const region = this.#system.regions.find((each) => each.name === name);
    if (region === undefined)
      throw new UserError(`given region "${name}"; allowed: ${this.#system.regions.map((each) => each.name).join(', ')}`);
    return region;
  }

  async #change(region: string, action: string, body?: unknown): Promise<void> {
    this.#system = await this.#control.change(`/regions/${this.#region(region).name}/${action}`, body);
  }

  #edge(region: string, fault: EdgeFault): Promise<void> {
    return this.#change(region, 'edge', fault);
  }

  async #links(region: string, cut: boolean): Promise<void> {
    const others = this.regions.flatMap(({ name }) => (name === region ? [] : [name]));
    const pairs = others.flatMap((other) => [
      { from: other, to: region },
      { from: region, to: other },
    ]);
    for (const pair of pairs) this.#system = await this.#control.change('/links', { ...pair, cut });
  }

  async #newEvents(): Promise<readonly LocalEvent[]> {
    for (let page = 0; page < EVENT_PAGES_MAX; page += 1) {
      const events = await this.#control.events(this.#events.at(-1)?.id ?? 0);
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
    case 'region':
    case 'edge':
    case 'link':
      return { atMs, region, detail, kind: event.kind };
  }
};
