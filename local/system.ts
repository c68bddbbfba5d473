/**
 * Starts the whole system on this machine: a process group for each region, the real deployment to all of them at once,
 * and what stands in for the AWS between the regions.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { STACKS, TABLES } from '../functions/contract/names.ts';
import type { Config } from '../infra/config.ts';
import type { Cell } from './cell.ts';
import { makeCells, watchAlarms } from './cells.ts';
import type { CloudWatch } from './cloudwatch/cloudwatch.ts';
import { CodeDeploy } from './codedeploy/codedeploy.ts';
import type { LocalEvent, SystemFile } from './control/api.ts';
import { startControlServer } from './control/server.ts';
import { writeSystemFile } from './control/system-file.ts';
import { Deliveries } from './delivery/deliveries.ts';
import type { Alarms } from './delivery/ports.ts';
import { type Replacement, sumReplacements } from './deployment/adapt.ts';
import { readStacks, type Stack, writeRegionAssembly } from './deployment/assembly.ts';
import { readRelease } from './deployment/release.ts';
import { synthesize } from './deployment/synthesize.ts';
import { EventLog, eventOfRoute53 } from './events.ts';
import { checkListeners, DEFAULT_PORTS, type Listener, listenersOf, type Ports } from './loopback.ts';
import { type Network, networkHere, networkNote, type RegionPlaces, SHARED_ADDRESS } from './network.ts';
import { Register } from './process/register.ts';
import type { RegionProps } from './region/region.ts';
import { Replication } from './replication/links.ts';
import { systemClock } from './route53/clock.ts';
import { disabledNotes } from './route53/health.ts';
import { startRoute53 } from './route53/route53.ts';
import { checkStateFolder, PRIVATE_UMASK } from './state-folder.ts';
import { Supervisor } from './supervisor.ts';

/** Used when the config names no domain, so that routing is there to be drilled. `.test` is reserved: RFC 6761. */
const STAND_IN_DOMAIN = { name: 'api.tandem.test', hostedZoneId: 'ZLOCALTANDEM', zoneName: 'tandem.test' } as const;

/** Whoever calls front doors by TLS trusts this, in the state folder. */
const CA_FILE = 'ca.pem';

/** Of what opens this run of the system, new at each start. */
const SECRET_BYTES = 32;

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
  /** Told what the front doors answer, second by second. */
  readonly onServed?: (region: string, ...served: Parameters<RegionProps['onServed']>) => void;
}

export interface OpenPort extends Omit<Listener, 'option'> {
  readonly kind: Listener['option'] | 'codeDeploy';
}

export interface RunningSystem {
  /** Also in `system.json` of the state folder. */
  readonly file: SystemFile;
  /** What the emulators cannot create, and what supplies it. */
  readonly replaced: readonly Replacement[];
  /** All that it listens on. */
  readonly listeners: readonly OpenPort[];
  /** Ends all of it and leaves nothing behind but logs. May be called more than once. */
  stop(): Promise<void>;
}

/**
 * @throws {AlreadyRunningError} when a system of this folder runs
 * @throws {StateFolderError} when it cannot be written to
 * @throws {LoopbackError} naming every address and port that cannot be had
 * @throws {CdkError} when synthesis or a deployment fails
 */
export const startSystem = async (options: StartOptions): Promise<RunningSystem> => {
  const stateFolder = resolve(options.stateFolder ?? join(options.projectFolder, '.tandem', 'local'));
  process.umask(PRIVATE_UMASK);
  checkStateFolder(stateFolder);
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

type LocalConfig = Config & { readonly domain: NonNullable<Config['domain']> };

const start = async (props: Start): Promise<RunningSystem> => {
  const { progress, endpoint } = props;
  const startedAtMs = Date.now();
  const ports = { ...DEFAULT_PORTS, ...props.ports };
  const config = { ...props.config, domain: props.config.domain ?? STAND_IN_DOMAIN };
  if (props.config.domain === undefined) progress.line(`the configuration names no domain; on this machine it is ${STAND_IN_DOMAIN.name}`);
  const network = await networkHere(ports, config.regions.length);
  const listeners = listenersOf(ports, network, endpoint === undefined);
  await checkListeners(listeners);
  const note = networkNote(network.regions);
  if (note !== undefined) progress.line(note);
  const events = new EventLog(props.onEvent ?? (() => undefined));
  const codeDeploy = await CodeDeploy.start(SHARED_ADDRESS);
  props.cleanups.push(() => codeDeploy.close());
  const alarms = new Map<string, CloudWatch>();
  const caFile = join(props.stateFolder, CA_FILE);
  props.cleanups.push(() => rmSync(caFile, { force: true }));
  const cells = makeCells({
    ...props,
    config,
    ports,
    network,
    events,
    caFile,
    nowMs: startedAtMs,
    secretAccessKey: randomBytes(SECRET_BYTES).toString('base64url'),
    codeDeployUrl: (region) => codeDeploy.url(region),
    assemblyOf: (region) => assemblyFolder(props.stateFolder, region),
    onTrouble: (region, detail) => progress.line(`${region} is lost: ${detail}`),
    onServed: (region, atMs, answers) => {
      alarms.get(region)?.served(atMs, answers);
      props.onServed?.(region, atMs, answers);
    },
    onHanded: (region, age) => alarms.get(region)?.handed(age),
  });
  props.cleanups.push(async () => {
    await Promise.all(cells.map(({ region }) => region.stop()));
  });
  const deployed = await deployAll(props, config, cells);
  const file = await progress.step('start replication, Route 53 and the control API', () =>
    connect(props, { startedAtMs, ports, network, config, events, cells, codeDeploy, alarms, ...deployed }),
  );
  const tlsPorts = [...new Set(network.regions.map(({ edgeTls }) => edgeTls.port))];
  progress.line(`front doors speak TLS too, on port ${tlsPorts.join(', ')}; their callers trust ${caFile}`);
  const opened = [...listeners.map(({ option, ...place }) => ({ kind: option, ...place })), codeDeploy.listener];
  return { file, listeners: opened, replaced: deployed.replaced, stop: props.stop };
};

interface Deployed {
  /** As AWS would get them. */
  readonly stacks: readonly Stack[];
  readonly replaced: readonly Replacement[];
}

/** All regions at once; and their processes start while the app is synthesized. */
const deployAll = async (props: Start, config: LocalConfig, cells: readonly Cell[]): Promise<Deployed> => {
  const { progress, signal, background, stateFolder } = props;
  const names = config.regions.map(({ name }) => name);
  const folder = await progress.step(`synthesize for AWS; start and bootstrap ${names.join(', ')}`, async (say) => {
    const synthesis = synthesize({ ...props, config });
    const preparations = cells.map(async (cell) => {
      await cell.prepare('starting', signal);
      say(`${cell.region.props.name} is ready to deploy to`);
    });
    background.push(synthesis, ...preparations);
    const [{ folder: synthesized, reused }] = await Promise.all([synthesis, ...preparations]);
    say(reused ? 'nothing has changed: the last synthesis is used' : 'synthesized');
    return synthesized;
  });
  const stacks = readStacks(folder);
  const replaced = sumReplacements(names.map((name) => writeRegionAssembly(folder, assemblyFolder(stateFolder, name), name)));
  await progress.step(`deploy ${STACKS.data} and a cell to each region`, async (say) => {
    const deployments = cells.map(async (cell) => {
      await cell.deploy(readRelease(folder, cell.region.props.name), signal);
      say(`${cell.region.props.name} answers`);
    });
    background.push(...deployments);
    await Promise.all(deployments);
  });
  return { stacks, replaced };
};

interface Parts extends Deployed {
  readonly startedAtMs: number;
  readonly ports: Ports;
  readonly network: Network;
  readonly config: LocalConfig;
  readonly events: EventLog;
  readonly cells: readonly Cell[];
  readonly codeDeploy: CodeDeploy;
  /** By region; filled here. */
  readonly alarms: Map<string, CloudWatch>;
}

/** What is between the regions, and who commands it all. */
const connect = async (
  props: Start,
  { startedAtMs, ports, network, config, events, cells, codeDeploy, alarms, stacks }: Parts,
): Promise<SystemFile> => {
  const { cleanups, stateFolder } = props;
  const names = config.regions.map(({ name }) => name);
  const domain = config.domain.name;
  const placesOf = (name: string): RegionPlaces => {
    const places = network.regions[names.indexOf(name)];
    if (places === undefined) throw new Error(`the network has no place for ${name}`);
    return places;
  };
  const replication = new Replication({
    regions: cells.map(({ region }) => region.props),
    tables: Object.values(TABLES),
    onEvent: (event) => events.add(event),
  });
  cleanups.push(() => replication.stop());
  await replication.start();
  const dns = await startRoute53({
    zoneName: config.domain.zoneName,
    regions: names,
    templates: stacks,
    port: ports.dns,
    onEvent: (event) => {
      const told = eventOfRoute53(event, domain);
      if (told) events.add(told);
    },
    addressOf: (name) => placesOf(name).dnsAddress,
    frontDoorOf: (name) => placesOf(name).edge,
    resolverNear: (name) => placesOf(name).resolver,
  });
  cleanups.push(() => dns.stop());
  const disabled = disabledNotes(dns.zone.checks);
  for (const note of disabled) props.progress.line(note);
  const notes = [networkNote(network.regions) ?? [], disabled].flat();
  for (const cell of cells) {
    const cloudWatch = watchAlarms(cell, events);
    cleanups.push(() => cloudWatch.stop());
    await cloudWatch.start();
    alarms.set(cell.region.props.name, cloudWatch);
  }
  for (const { region } of cells) region.admit();
  props.signal.throwIfAborted();
  const mode = props.endpoint === undefined ? 'owned' : 'attached';
  const alarmsOf = (region: string): Alarms => alarms.get(region) ?? NO_ALARMS;
  const deliveries = new Deliveries({ ...props, config, cells, codeDeploy, alarmsOf, events, clock: systemClock });
  cleanups.push(() => deliveries.close());
  const supervisor = new Supervisor({
    startedAtMs,
    mode,
    domain,
    dns,
    notes,
    edgePort: ports.edge,
    routes: network.routes,
    cells,
    deliveries,
    alarmsOf,
    replication,
    events,
    signal: props.stopSignal,
  });
  const token = randomBytes(SECRET_BYTES).toString('base64url');
  const control = await startControlServer({ address: SHARED_ADDRESS, port: ports.control, token, supervisor });
  cleanups.push(() => control.close());
  const file = { pid: process.pid, controlUrl: control.url, token };
  cleanups.push(writeSystemFile(stateFolder, file));
  return file;
};

/** Of a region that nobody watches. */
const NO_ALARMS: Alarms = { states: () => new Map(), refresh: async () => undefined };

const assemblyFolder = (stateFolder: string, region: string): string => join(stateFolder, 'assemblies', region);

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
