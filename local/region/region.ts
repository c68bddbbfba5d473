/** The supervisor's end of a region: starts its process group, breaks it, repairs it, and tells what became of it. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EdgeFault, RegionState } from '../control/api.ts';
import type { Credentials } from '../edge/certificates.ts';
import { type ProcessGroup, startGroup } from '../process/group.ts';
import type { Register } from '../process/register.ts';
import type { IteratorAge } from '../streams/mappings.ts';
import { type Command, type HostSettings, parseReport, type Report, type Served } from './protocol.ts';

const HOST = fileURLToPath(new URL('./host.ts', import.meta.url));
const START_MS_MAX = 40_000;
const COMMAND_MS_MAX = 5_000;

export interface RegionProps {
  readonly name: string;
  /** What DNS answers for its front door. */
  readonly dnsAddress: string;
  /** Where its front door listens. */
  readonly address: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly credentials: Credentials;
  readonly regionalName: string;
  readonly sharedName: string;
  /** Whose pages may call. @default nobody's */
  readonly origins?: readonly string[];
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Null: the endpoint is somebody else's, and the region is lost at its front door only. */
  readonly emulator: { readonly python: string; readonly port: number } | null;
  /** Variables that its functions find in their environment. */
  readonly functionEnvironment: Readonly<Record<string, string>>;
  /** Where its files go. */
  readonly folder: string;
  readonly register: Register;
  /** `unexpected`: it was lost, and nobody had asked for that. */
  readonly onState: (state: RegionState, detail: string, unexpected: boolean) => void;
  readonly onEdge: (fault: EdgeFault, detail: string) => void;
  /**
   * What the front door answered since it last told, once a second where it answered at all. The last second of a region
   * that is lost goes with it; one that was frozen tells when it goes on.
   */
  readonly onServed: (atMs: number, answers: readonly Served[]) => void;
  /** A function got a batch of a stream's records. */
  readonly onHanded: (age: IteratorAge) => void;
}

/** What was asked for does not fit the state the region is in. */
export class RegionStateError extends Error {
  override readonly name = 'RegionStateError';
}

export class Region {
  readonly props: RegionProps;
  #state: RegionState = 'starting';
  /** The one that a frozen region goes back to. */
  #thawed: RegionState = 'starting';
  #edge: EdgeFault = { kind: 'none' };
  #group: ProcessGroup | undefined;
  #commands = 0;
  readonly #pending = new Map<number, { readonly resolve: () => void; readonly reject: (error: Error) => void }>();

  constructor(props: RegionProps) {
    this.props = props;
  }

  get state(): RegionState {
    return this.#state;
  }

  get edge(): EdgeFault {
    return this.#edge;
  }

  /** Null when it is lost. */
  get processGroup(): number | null {
    return this.#group?.id ?? null;
  }

  /**
   * Starts its processes; the front door stays shut.
   * @param state until it serves
   * @throws when the emulator does not answer within 40 s, or ends
   */
  async start(state: 'starting' | 'rebuilding'): Promise<void> {
    if (this.#group) throw this.#refusal('started', ['lost']);
    const { folder, register } = this.props;
    mkdirSync(folder, { recursive: true });
    const log = openSync(join(folder, 'host.log'), 'a');
    const group = await startGroup({
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', HOST],
      cwd: folder,
      env: { PATH: '/usr/bin:/bin' },
      stdio: ['pipe', 'pipe', log],
    });
    closeSync(log);
    // It may end while a command is on its way; `ended` tells.
    group.leader.stdin?.on('error', () => undefined);
    // On standard input, because arguments and environment of a process can be read from outside.
    group.leader.stdin?.write(`${JSON.stringify(this.#settings())}\n`);
    this.#group = group;
    this.#edge = { kind: 'none' };
    this.#turn(state, 'its processes start');
    await register.add(group.id, [group.id]);
    const emulatorPid = await this.#untilReady(group);
    await register.add(
      group.id,
      [group.id, emulatorPid].filter((pid) => pid !== null),
    );
  }

  /** Lets callers in; all of them to the first stage until a shift. Paths: see `StagesProps`. */
  async open(stagePath: string, candidateStagePath: string): Promise<void> {
    await this.#send({ kind: 'open', id: 0, stagePath, candidateStagePath, credentials: this.props.credentials });
  }

  /**
   * Divides calls between the versions behind its two stages, at once and until the next shift. A region that is lost
   * forgets it: whoever opens it again shifts again.
   *
   * @param share of the calls that `candidate` gets, 0 to 1
   * @throws {RegionStateError} when it is frozen or lost
   */
  async shift(share: number, live: string, candidate: string): Promise<void> {
    this.#requireAwake('given another share');
    await this.#send({ kind: 'shift', id: 0, share, live, candidate });
  }

  /** Its functions are deployed, and callers get answers. */
  admit(): void {
    if (this.#state !== 'starting' && this.#state !== 'rebuilding') throw this.#refusal('admitted', ['rebuilding']);
    this.#turn('serving', 'it serves');
  }

  /** SIGKILL to the whole group. */
  async lose(): Promise<void> {
    this.#requireOwn();
    const group = this.#group;
    if (!group) throw this.#refusal('lost', ['serving', 'frozen', 'rebuilding']);
    this.#leave('its process group was killed');
    await group.kill();
  }

  freeze(): void {
    this.#requireOwn();
    if (this.#state !== 'serving' && this.#state !== 'rebuilding') throw this.#refusal('frozen', ['serving', 'rebuilding']);
    this.#group?.signal('SIGSTOP');
    this.#thawed = this.#state;
    this.#turn('frozen', 'its process group was stopped');
  }

  /** Nothing to do for a region that is not frozen. */
  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#group?.signal('SIGCONT');
    this.#turn(this.#thawed, 'its process group goes on');
  }

  async setEdge(fault: EdgeFault): Promise<void> {
    this.#requireAwake('given a front door fault');
    await this.#send({ kind: 'edge', id: 0, fault });
    this.#edge = fault;
    this.props.onEdge(fault, fault.kind === 'none' ? 'the front door works' : `front door: ${describeFault(fault)}`);
  }

  async stop(): Promise<void> {
    const group = this.#group;
    if (!group) return;
    this.#leave('the system ends');
    await group.kill();
  }

  #settings(): HostSettings {
    const { name, address, port, tlsPort, regionalName, sharedName, endpoint, emulator, folder, functionEnvironment } = this.props;
    const { accessKeyId, secretAccessKey } = this.props;
    return {
      region: name,
      address,
      port,
      tlsPort,
      names: [regionalName, sharedName],
      origins: [...(this.props.origins ?? [])],
      endpoint,
      accessKeyId,
      secretAccessKey,
      emulator: emulator && { ...emulator, folder: join(folder, 'emulator'), environment: functionEnvironment },
    };
  }

  /** @returns the emulator's process id */
  async #untilReady(group: ProcessGroup): Promise<number | null> {
    let lastWords = `see ${join(this.props.folder, 'host.log')}`;
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    const timer = setTimeout(() => reject(new Error(`region ${this.props.name} was not ready within ${START_MS_MAX} ms`)), START_MS_MAX);
    if (group.leader.stdout) {
      createInterface({ input: group.leader.stdout }).on('line', (line) => {
        const report = parseReport(line);
        if (report?.kind === 'broken') lastWords = report.message;
        if (report?.kind === 'ready') resolve(report.emulatorPid);
        else if (report) this.#settle(report);
      });
    }
    void group.ended.then(({ code, signal }) => {
      const why = `${lastWords} (its process ended with ${signal ?? `exit code ${code}`})`;
      reject(new Error(`region ${this.props.name}: ${why}`));
      this.props.register.remove(group.id);
      // Not ours to say when it was killed on purpose: then another group, or none, is in its place.
      if (this.#group === group) this.#leave(why, true);
    });
    try {
      return await promise;
    } catch (error) {
      if (this.#group === group) this.#leave(error instanceof Error ? error.message : String(error), true);
      await group.kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #send(command: Command): Promise<void> {
    const stdin = this.#group?.leader.stdin;
    if (!stdin) throw this.#refusal('commanded', ['serving', 'rebuilding']);
    this.#commands += 1;
    const id = this.#commands;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.set(id, { resolve, reject });
    const timer = setTimeout(
      () => reject(new Error(`region ${this.props.name} did not carry out "${command.kind}" within ${COMMAND_MS_MAX} ms`)),
      COMMAND_MS_MAX,
    );
    stdin.write(`${JSON.stringify({ ...command, id })}\n`);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  #settle(report: Report): void {
    if (report.kind === 'served') this.props.onServed(report.atMs, report.answers);
    if (report.kind === 'handed') this.props.onHanded(report);
    if (report.kind === 'done') this.#pending.get(report.id)?.resolve();
    if (report.kind === 'failed') this.#pending.get(report.id)?.reject(new Error(`region ${this.props.name}: ${report.message}`));
  }

  /** The group is over, or about to be. */
  #leave(detail: string, unexpected = false): void {
    this.#group = undefined;
    this.#edge = { kind: 'none' };
    for (const { reject } of this.#pending.values()) reject(new Error(`region ${this.props.name} is lost: ${detail}`));
    this.#turn('lost', detail, unexpected);
  }

  #turn(state: RegionState, detail: string, unexpected = false): void {
    this.#state = state;
    this.props.onState(state, detail, unexpected);
  }

  /** What is sent to a frozen region would be carried out when nobody wants it any more. */
  #requireAwake(what: string): void {
    if (this.#state === 'frozen' || this.#state === 'lost') throw this.#refusal(what, ['serving', 'rebuilding']);
  }

  #requireOwn(): void {
    if (this.props.emulator === null) {
      throw new RegionStateError(
        `region ${this.props.name} is served by ${this.props.endpoint}, which is not ours to stop; allowed: faults of its front door, such as "blackhole"`,
      );
    }
  }

  #refusal(what: string, allowed: readonly RegionState[]): RegionStateError {
    return new RegionStateError(
      `region ${this.props.name} is ${this.#state} and cannot be ${what}; allowed when it is ${allowed.join(' or ')}`,
    );
  }
}

const describeFault = (fault: EdgeFault): string => {
  switch (fault.kind) {
    case 'none':
      return 'none';
    case 'refuse':
      return 'refuses connections';
    case 'blackhole':
      return 'swallows everything';
    case 'slow':
      return `answers ${fault.delayMs} ms late`;
    case 'error':
      return `answers ${fault.status}`;
  }
};
