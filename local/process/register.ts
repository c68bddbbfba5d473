/**
 * What runs, on disk: so that a system refuses to start beside another one, and finds what an earlier one left when it
 * and the guards of its process groups were killed.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { sendToGroup } from './group.ts';
import { identityOf, isAlive, type ProcessIdentity } from './identity.ts';

const FILE = 'processes.json';

const identity = z.object({ pid: z.int().min(2), started: z.string().min(1) });
const content = z.object({
  supervisor: identity,
  /** A group, and those of it that are known by name: while one of them lives, the group's id is still the group's. */
  groups: z.array(z.object({ id: z.int().min(2), members: z.array(identity) })),
});
type Content = z.output<typeof content>;

/** Another system of the same folder runs. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  readonly pid: number;
  constructor(pid: number, folder: string) {
    super(`a local system of ${folder} runs already, as process ${pid}; press Ctrl-C where it was started, or end it with "kill ${pid}"`);
    this.pid = pid;
  }
}

export class Register {
  /** Groups of an earlier system that were killed now. */
  readonly cleaned: number;
  readonly #path: string;
  #content: Content;

  private constructor(path: string, supervisor: ProcessIdentity, cleaned: number) {
    this.#path = path;
    this.cleaned = cleaned;
    this.#content = { supervisor, groups: [] };
  }

  /** @throws {AlreadyRunningError} */
  static async open(folder: string): Promise<Register> {
    const path = join(folder, FILE);
    const before = read(path);
    if (before && (await isAlive(before.supervisor))) throw new AlreadyRunningError(before.supervisor.pid, folder);
    const cleaned = before ? await clean(before) : 0;
    const supervisor = await identityOf(process.pid);
    if (!supervisor) throw new Error(`cannot read the start time of process ${process.pid}; needed: /proc on Linux, "ps" elsewhere`);
    const register = new Register(path, supervisor, cleaned);
    mkdirSync(folder, { recursive: true });
    register.#write();
    return register;
  }

  /** Members that have ended meanwhile are left out. */
  async add(group: number, members: readonly number[]): Promise<void> {
    const known = await Promise.all(members.map((pid) => identityOf(pid)));
    this.remove(group);
    this.#content.groups.push({ id: group, members: known.filter((each) => each !== undefined) });
    this.#write();
  }

  remove(group: number): void {
    this.#content = { ...this.#content, groups: this.#content.groups.filter(({ id }) => id !== group) };
    this.#write();
  }

  close(): void {
    rmSync(this.#path, { force: true });
  }

  #write(): void {
    const draft = `${this.#path}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(this.#content), { mode: 0o600 });
    renameSync(draft, this.#path);
  }
}

/** Whether the system of the folder is that very process, and runs; never a stranger who got its number. */
export const isSupervisor = async (folder: string, pid: number): Promise<boolean> => {
  const known = read(join(folder, FILE))?.supervisor;
  return known !== undefined && known.pid === pid && (await isAlive(known));
};

/** Undefined when there is none, or none that can be read: then nothing is known that could be killed. */
const read = (path: string): Content | undefined => {
  try {
    return content.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
};

/** Kills groups of which a member is certainly the one that was recorded; never a stranger with the same number. */
const clean = async ({ groups }: Content): Promise<number> => {
  const alive = await Promise.all(groups.map(async ({ members }) => (await Promise.all(members.map(isAlive))).includes(true)));
  return groups.filter(({ id }, index) => alive[index] === true && sendToGroup(id, 'SIGKILL')).length;
};
