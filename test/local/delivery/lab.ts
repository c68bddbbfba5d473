/** Regions of the toy app, real processes and real deployments, with everything that a delivery works on. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchLogsClient, DescribeLogStreamsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { request } from 'undici';
import type { AlarmState, Delivery, DeliveryRequest } from '../../../functions/contract/delivery.ts';
import { parseConfig } from '../../../infra/config.ts';
import { type Cell, makeCell } from '../../../local/cell.ts';
import type { AlarmStatus } from '../../../local/cloudwatch/alarm.ts';
import { CodeDeploy } from '../../../local/codedeploy/codedeploy.ts';
import type { LocalEvent } from '../../../local/control/api.ts';
import { CellStackView } from '../../../local/delivery/cell-stack.ts';
import { Deliveries } from '../../../local/delivery/deliveries.ts';
import type { Alarms } from '../../../local/delivery/ports.ts';
import { writeRegionAssembly } from '../../../local/deployment/assembly.ts';
import { readRelease } from '../../../local/deployment/release.ts';
import { synthesize } from '../../../local/deployment/synthesize.ts';
import { makeAuthority } from '../../../local/edge/certificates.ts';
import { clientOptions } from '../../../local/emulator-access.ts';
import { EventLog } from '../../../local/events.ts';
import { networkHere } from '../../../local/network.ts';
import { Register } from '../../../local/process/register.ts';
import { type Clock, systemClock } from '../../../local/route53/clock.ts';
import { freePorts } from '../local-system.ts';

const PROJECT = resolve(import.meta.dirname, '../../..');
const DELIVERY_MS_MAX = 240_000;
const POLL_MS = 50;
/** Of the toy's minutes. */
const FASTER = 20;
const EXPOSED_MS = 60_000;

export const EU = 'eu-central-1';
export const US = 'us-east-2';

/** Time that is fast, and in which a version stays exposed until a test lets it go on: no machine is too slow for what it does meanwhile. */
class LabClock implements Clock {
  #held = Promise.withResolvers<void>();

  nowMs(): number {
    return systemClock.nowMs() * FASTER;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const { promise } = this.#held;
    await systemClock.sleep(ms / FASTER, signal);
    if (ms === EXPOSED_MS) await Promise.race([promise, aborted(signal)]);
  }

  hold(): void {
    this.#held = Promise.withResolvers();
  }

  goOn(): void {
    this.#held.resolve();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));

/** Alarms that a test turns. */
class HandAlarms implements Alarms {
  readonly #view: CellStackView;
  #states = new Map<string, AlarmStatus>();
  state: AlarmState = 'OK';
  /** How often it was told what to evaluate. */
  refreshed = 0;

  constructor(cell: Cell) {
    this.#view = new CellStackView(cell.region.props, cell.release.stack.name);
  }

  states(): ReadonlyMap<string, AlarmStatus> {
    return new Map([...this.#states].map(([name, { id }]) => [name, { id, state: this.state, reason: 'by hand' }]));
  }

  async refresh(): Promise<void> {
    this.refreshed += 1;
    const names = await this.#view.physicalNames();
    const alarms = [...names].filter(([id]) => id.startsWith('Bad'));
    this.#states = new Map(alarms.map(([, name]) => [name, { id: 'Bad', state: 'OK', reason: '' }]));
  }

  close(): void {
    this.#view.close();
  }
}

export interface Lab {
  readonly cells: readonly Cell[];
  readonly deliveries: Deliveries;
  readonly codeDeploy: CodeDeploy;
  readonly events: readonly LocalEvent[];
  alarms(region: string): HandAlarms;
  /** Begins one, with half of the calls for a minute (3 s here), and waits until it has ended. */
  deliver(request: DeliveryRequest): Promise<Delivery>;
  /** Begins one whose first version stays exposed until `goOn` or `ended`. */
  begin(request: DeliveryRequest): Delivery;
  goOn(): void;
  ended(): Promise<Delivery>;
  /** Waits until the running delivery is in that state in that region. */
  reaches(region: string, state: string): Promise<void>;
  /** What callers of a region get, one after the other. */
  call(region: string, times: number): Promise<readonly { readonly version: string; readonly marker: string }[]>;
  /** Number of the version on an alias. */
  versionOf(region: string, alias: string): Promise<string>;
  /** Starts a lost region again, empty. */
  restart(region: string): Promise<void>;
  /** Lines that a function of the toy logged. */
  logged(region: string, logicalId: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export const startLab = async (): Promise<Lab> => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-test-delivery-'));
  const projectFolder = await toyProject(folder);
  const stateFolder = join(folder, 'state');
  await mkdir(stateFolder);
  const register = await Register.open(stateFolder);
  const config = parseConfig({ regions: [{ name: EU }, { name: US }], auth: 'keys' });
  const codeDeploy = await CodeDeploy.start('127.0.0.1');
  const ports = await freePorts();
  const told: LocalEvent[] = [];
  const events = new EventLog((event) => told.push(event));
  const authority = makeAuthority('api.tandem.test', Date.now());
  const signal = new AbortController().signal;
  const secretAccessKey = randomBytes(32).toString('base64url');
  const network = await networkHere(ports, 2);
  const cells = network.regions.map((places, index) => {
    const name = index === 0 ? EU : US;
    const names = [`${name}.api.tandem.test`, 'api.tandem.test'] as const;
    return makeCell({
      name,
      places,
      regional: names[0],
      shared: names[1],
      emulatorPort: ports.emulator + index,
      credentials: authority.issue(name, [...names]),
      secretAccessKey,
      functionEnvironment: { AWS_ENDPOINT_URL_CODEDEPLOY: codeDeploy.url(name) },
      onServed: () => undefined,
      onHanded: () => undefined,
      endpoint: undefined,
      projectFolder: PROJECT,
      stateFolder,
      assembly: join(stateFolder, 'assemblies', name),
      register,
      events,
      onTrouble: () => undefined,
    });
  });
  const cellOf = (name: string): Cell => {
    const cell = cells.find(({ region }) => region.props.name === name);
    if (cell === undefined) throw new Error(`no region ${name}`);
    return cell;
  };
  const source = (await synthesize({ projectFolder, stateFolder, config, signal })).folder;
  await Promise.all(
    cells.map(async (cell) => {
      const { name } = cell.region.props;
      writeRegionAssembly(source, join(stateFolder, 'assemblies', name), name);
      await cell.prepare('starting', signal);
      await cell.deploy(readRelease(source, name), signal);
      cell.region.admit();
    }),
  );
  const alarms = new Map(cells.map((cell) => [cell.region.props.name, new HandAlarms(cell)]));
  const alarmsOf = (region: string): HandAlarms => {
    const found = alarms.get(region);
    if (found === undefined) throw new Error(`no region ${region}`);
    return found;
  };
  const clock = new LabClock();
  const deliveries = new Deliveries({ cells, config, projectFolder, stateFolder, codeDeploy, alarmsOf, events, clock });
  const newest = (): Delivery => {
    const [delivery] = deliveries.list();
    if (delivery === undefined) throw new Error('no delivery was begun');
    return delivery;
  };
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const deadlineMs = Date.now() + DELIVERY_MS_MAX;
    while (!isSo()) {
      if (Date.now() > deadlineMs) throw new Error(`${what} did not come: ${JSON.stringify(newest(), undefined, 1)}`);
      await sleep(POLL_MS);
    }
  };
  const ended = async (): Promise<Delivery> => {
    clock.goOn();
    await until('the end', () => newest().state !== 'running');
    return newest();
  };
  const begin = (given: DeliveryRequest): Delivery => {
    const delivery = deliveries.begin({ ...given, settings: { exposePercent: 50, exposeMinutes: EXPOSED_MS / 60_000, ...given.settings } });
    clock.hold();
    return delivery;
  };
  return {
    cells,
    deliveries,
    codeDeploy,
    events: told,
    alarms: alarmsOf,
    begin,
    goOn: () => clock.goOn(),
    ended,
    deliver: async (given) => {
      begin(given);
      return ended();
    },
    reaches: (region, state) =>
      until(`${state} in ${region}`, () => {
        const at = newest().regions.find((each) => each.region === region)?.state;
        if (newest().state !== 'running' && at !== state) throw new Error(`it ended before: ${JSON.stringify(newest(), undefined, 1)}`);
        return at === state;
      }),
    call: async (region, times) => {
      const { address, port, regionalName } = cellOf(region).region.props;
      const answers = [];
      for (let sent = 0; sent < times; sent += 1) {
        const answer = await request(`http://${address}:${port}/health`, { headers: { host: regionalName } });
        const text = await answer.body.text();
        if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode} ${text}`);
        answers.push({ version: String(answer.headers['tandem-version']), marker: String(JSON.parse(text).marker) });
      }
      return answers;
    },
    versionOf: async (region, alias) => {
      const cell = cellOf(region);
      const view = new CellStackView(cell.region.props, cell.release.stack.name);
      try {
        return await view.versionOf(cell.outputs?.apiFunction ?? '', alias);
      } finally {
        view.close();
      }
    },
    restart: async (region) => {
      await deliveries.leave(region);
      const cell = cellOf(region);
      await cell.prepare('rebuilding', signal);
      await cell.redeploy([], signal);
      cell.region.admit();
    },
    logged: async (region, logicalId) => {
      const cell = cellOf(region);
      const view = new CellStackView(cell.region.props, cell.release.stack.name);
      const names = await view.physicalNames();
      view.close();
      const functionName = [...names].find(([id]) => id.startsWith(logicalId) && !id.includes('Role'))?.[1] ?? '';
      return logLines(cell, `/aws/lambda/${functionName}`);
    },
    stop: async () => {
      await deliveries.close();
      for (const each of alarms.values()) each.close();
      await Promise.all(cells.map(({ region }) => region.stop()));
      await codeDeploy.close();
      register.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

/** A checkout whose app is the toy. */
const toyProject = async (folder: string): Promise<string> => {
  const project = join(folder, 'project');
  await mkdir(project);
  await symlink(join(PROJECT, 'node_modules'), join(project, 'node_modules'));
  const app = `node --disable-warning=ExperimentalWarning ${join(import.meta.dirname, 'toy-app.ts')}`;
  await writeFile(join(project, 'cdk.json'), JSON.stringify({ app }));
  return project;
};

const logLines = async (cell: Cell, logGroupName: string): Promise<readonly string[]> => {
  const client = new CloudWatchLogsClient(clientOptions(cell.region.props));
  try {
    await client.send(new DescribeLogStreamsCommand({ logGroupName }));
    const { events = [] } = await client.send(new FilterLogEventsCommand({ logGroupName }));
    return events.map(({ message = '' }) => message);
  } finally {
    client.destroy();
  }
};
