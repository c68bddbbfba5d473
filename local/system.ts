/**
 * Starts the whole system on this machine: a process group for each region, the real deployment to all of them at once,
 * and what stands in for the AWS between the regions.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dnsNames, STACKS, TABLES } from '../functions/contract/names.ts';
import type { Config } from '../infra/config.ts';
import { Cell } from './cell.ts';
import type { LocalEvent, SystemFile } from './control/api.ts';
import { startControlServer } from './control/server.ts';
import { type Replacement, sumReplacements } from './deployment/adapt.ts';
import { readStacks, type Stack, writeRegionAssembly } from './deployment/assembly.ts';
import { synthesize } from './deployment/synthesize.ts';
import { tableSettings, type TableSettings } from './deployment/tables.ts';
import { EventLog } from './events.ts';
import { checkListeners, DEFAULT_PORTS, edgeAddress, listenersOf, type Ports, SHARED_ADDRESS } from './loopback.ts';
import { Register } from './process/register.ts';
import { Region } from './region/region.ts';
import { Replication } from './replication/links.ts';
import { type Route53Event, startRoute53 } from './route53/route53.ts';
import { Supervisor } from './supervisor.ts';

/** Used when the config names no domain, so that routing is there to be drilled. `.test` is reserved: RFC 6761. */
const STAND_IN_DOMAIN = { name: 'api.tandem.test', hostedZoneId: 'ZLOCALTANDEM', zoneName: 'tandem.test' } as const;

/** Shows what is going on. */
export interface StartProgress {
  step<T>(title: string, work: (say: (line: string) => void) => Promise<T>): Promise<T>;
  line(text: string): void;
}

export interface StartOptions {
  readonly config: Config;
  /** The checkout. */
  readonly projectFolder: string;
  /** Everything that is written. @default `.tandem/local` of the checkout */
  readonly stateFolder?: string;
  /** @default DEFAULT_PORTS */
  readonly ports?: Partial<Ports>;
  /** Of an emulator that runs already and serves all regions; they are lost at their front doors only then. */
  readonly endpoint?: string;
  readonly progress: StartProgress;
  /** Ends the start early. What was started is ended. */
  readonly signal: AbortSignal;
  readonly onEvent?: (event: LocalEvent) => void;
}

export interface RunningSystem {
  /** Also in `system.json` of the state folder. */
  readonly file: SystemFile;
  /** What the emulators cannot create, and what supplies it. */
  readonly replaced: readonly Replacement[];
  /** Ends all of it and leaves nothing behind but logs. May be called more than once. */
  stop(): Promise<void>;
}

/**
 * @throws {AlreadyRunningError} when a system of this folder runs
 * @throws {LoopbackError} naming every address and port that cannot be had
 * @throws {CdkError} when synthesis or a deployment fails
 */
export const startSystem = async (options: StartOptions): Promise<RunningSystem> => {
  const stateFolder = resolve(options.stateFolder ?? join(options.projectFolder, '.tandem', 'local'));
  const register = await Register.open(stateFolder);
  if (register.cleaned > 0) options.progress.line(`ended ${register.cleaned} region(s) that an earlier system had left`);
  const stopping = new AbortController();
  const background: Promise<unknown>[] = [];
  const cleanups: Start['cleanups'] = [
    () => register.close(),
    async () => {
      await Promise.allSettled(background);
    },
  ];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping.abort(new Error('the system ends'));
    stopped ??= stopAll(cleanups);
    return stopped;
  };
  try {
    const signal = AbortSignal.any([options.signal, stopping.signal]);
    return await start({ ...options, stateFolder, register, cleanups, background, stop, signal, stopSignal: stopping.signal });
  } catch (error) {
    await stop();
    throw error;
  }
};

interface Start extends StartOptions {
  readonly stateFolder: string;
  readonly register: Register;
  /** Run in reverse order. */
  readonly cleanups: (() => Promise<void> | void)[];
  /** What must have ended before the state folder is free again. */
  readonly background: Promise<unknown>[];
  readonly stop: () => Promise<void>;
  /** Of the system, also after its start. */
  readonly stopSignal: AbortSignal;
}

const start = async (props: Start): Promise<RunningSystem> => {
  const { progress, signal, cleanups, background, endpoint } = props;
  const startedAtMs = Date.now();
  const ports = { ...DEFAULT_PORTS, ...props.ports };
  const config = { ...props.config, domain: props.config.domain ?? STAND_IN_DOMAIN };
  if (props.config.domain === undefined) progress.line(`the configuration names no domain; on this machine it is ${STAND_IN_DOMAIN.name}`);
  const names = config.regions.map(({ name }) => name);
  await checkListeners(listenersOf(ports, names.length, endpoint === undefined));

  const events = new EventLog(props.onEvent ?? (() => undefined));
  const cells = names.map((name, index) => makeCell({ ...props, config, ports, events }, name, index));
  cleanups.push(async () => {
    await Promise.all(cells.map(({ region }) => region.stop()));
  });

  const stacks = await progress.step(`synthesize for AWS; start and bootstrap ${names.join(', ')}`, async (say) => {
    const synthesis = synthesize({ ...props, config }).then(({ folder, reused }) => {
      say(reused ? 'nothing has changed: the last synthesis is used' : 'synthesized');
      return folder;
    });
    const preparations = cells.map(async (cell) => {
      await cell.prepare('starting', signal);
      say(`${cell.region.props.name} is ready to deploy to`);
    });
    background.push(synthesis, ...preparations);
    const [folder] = await Promise.all([synthesis, ...preparations]);
    return { folder, all: readStacks(folder) };
  });

  const replaced = sumReplacements(names.map((name) => writeRegionAssembly(stacks.folder, assemblyFolder(props.stateFolder, name), name)));
  const tablesOf = (name: string): readonly TableSettings[] => tableSettings(templateOf(stacks.all, STACKS.data), name);
  await progress.step(`deploy ${STACKS.data} and a cell to each region`, async (say) => {
    const deployments = cells.map(async (cell) => {
      await cell.deploy(tablesOf(cell.region.props.name), signal);
      say(`${cell.region.props.name} answers`);
    });
    background.push(...deployments);
    await Promise.all(deployments);
  });

  return progress.step('start replication, Route 53 and the control API', async () => {
    const replication = new Replication({ regions: cells.map(({ region }) => region.props), tables: Object.values(TABLES), onEvent: (event) => events.add(event) });
    cleanups.push(() => replication.stop());
    await replication.start();
    const dns = await startRoute53({
      zoneName: config.domain.zoneName,
      regions: names,
      templates: stacks.all,
      port: ports.dns,
      onEvent: (event) => addRoute53Event(events, config.domain.name, event),
      frontDoorOf: (name) => ({ address: edgeAddress(names.indexOf(name)), port: ports.edge }),
    });
    cleanups.push(() => dns.stop());
    for (const { region } of cells) region.admit();
    signal.throwIfAborted();
    const mode = endpoint === undefined ? 'owned' : 'attached';
    const supervisor = new Supervisor({ startedAtMs, mode, domain: config.domain.name, dns, cells, tablesOf, replication, events, signal: props.stopSignal });
    const token = randomBytes(32).toString('base64url');
    const control = await startControlServer({ address: SHARED_ADDRESS, port: ports.control, token, supervisor });
    cleanups.push(() => control.close());
    const file = { pid: process.pid, controlUrl: control.url, token };
    cleanups.push(writeSystemFile(props.stateFolder, file));
    return { file, replaced, stop: props.stop };
  });
};

const assemblyFolder = (stateFolder: string, region: string): string => join(stateFolder, 'assemblies', region);

interface CellSettings extends Start {
  readonly config: Config & { readonly domain: NonNullable<Config['domain']> };
  readonly ports: Ports;
  readonly events: EventLog;
}

const makeCell = (props: CellSettings, name: string, index: number): Cell => {
  const { endpoint, events, ports, stateFolder, projectFolder, config } = props;
  const { regional, shared } = dnsNames(config.domain.name, name);
  const emulatorPort = ports.emulator + index;
  const region = new Region({
    name,
    address: edgeAddress(index),
    port: ports.edge,
    regionalName: regional,
    sharedName: shared,
    endpoint: endpoint ?? `http://${SHARED_ADDRESS}:${emulatorPort}`,
    // Not of 12 digits: emulators take such a key for the number of an account.
    accessKeyId: `local-${name}`,
    emulator: endpoint === undefined ? { python: join(projectFolder, '.venv', 'bin', 'python'), port: emulatorPort } : null,
    folder: join(stateFolder, 'regions', name),
    register: props.register,
    onState: (state, detail) => events.add({ kind: 'region', region: name, state, detail, atMs: Date.now() }),
    onEdge: (fault, detail) => events.add({ kind: 'edge', region: name, fault, detail, atMs: Date.now() }),
  });
  return new Cell({ region, projectFolder, stateFolder, assembly: assemblyFolder(stateFolder, name) });
};

/** Of the shared name only: a region's own name never leads elsewhere. */
const addRoute53Event = (events: EventLog, domain: string, event: Route53Event): void => {
  const atMs = Date.now();
  if (event.kind === 'check') events.add({ ...event, atMs });
  else if (event.name === domain) {
    const { near, addresses } = event;
    events.add({ kind: 'answer', region: near, addresses, atMs, detail: `${domain} is ${addresses.join(', ') || 'nowhere'} for callers near ${near}` });
  }
};

const templateOf = (stacks: readonly Stack[], name: string): Stack['template'] => stacks.find((stack) => stack.name === name)?.template ?? {};

/** Readable by its owner only: it holds the token. @returns what removes it */
const writeSystemFile = (stateFolder: string, file: SystemFile): (() => void) => {
  const path = join(stateFolder, 'system.json');
  mkdirSync(stateFolder, { recursive: true });
  rmSync(path, { force: true });
  writeFileSync(path, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  return () => rmSync(path, { force: true });
};

const stopAll = async (cleanups: readonly (() => Promise<void> | void)[]): Promise<void> => {
  const errors: unknown[] = [];
  for (const cleanup of cleanups.toReversed()) {
    try {
      await cleanup();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'not everything of the local system could be ended');
};
