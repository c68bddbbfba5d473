/** Regions whose tables and streams are in memory, and do at the moment of a test's choice what an emulator does by chance. */
import type { RegionEmulator, StreamRecord, TableStream } from '../../local/replication/emulator.ts';
import { type LinkEvent, Replication } from '../../local/replication/links.ts';
import type { Outcome, Send } from '../../local/replication/replica.ts';
import { ABSENT, type Content, contentOf, type Image, keyIdOf } from '../../local/replication/version.ts';
import { type Position, PositionLost, Unreachable } from '../../local/streams/reader.ts';

const TABLE = 'table';
const PAGE_ITEMS = 2;

type Fate = 'applied' | 'lost';

export class MemoryRegion implements RegionEmulator {
  readonly name: string;
  /** Each content that a key had here, in order; `-` for none. */
  readonly history: string[] = [];
  #items = new Map<string, Image>();
  #records: StreamRecord[] = [];
  #trimmed = 0;
  #serial = 0;
  #answers = true;
  #expired = false;
  /** Of writes that have arrived and are neither applied nor answered. */
  readonly #held: ((fate: Fate) => void)[] = [];
  #holds = false;
  #scanned: Promise<void> = Promise.resolve();

  constructor(name: string) {
    this.name = name;
  }

  put(key: string, value: string): void {
    this.#change({ pk: { S: key } }, { pk: { S: key }, value: { S: value } });
  }

  remove(key: string): void {
    this.#change({ pk: { S: key } }, null);
  }

  get(key: string): string | undefined {
    return this.#items.get(keyIdOf({ pk: { S: key } }))?.['value']?.S;
  }

  get contents(): Readonly<Record<string, string | undefined>> {
    return Object.fromEntries([...this.#items.values()].map((item) => [item['pk']?.S ?? '', item['value']?.S] as const).sort());
  }

  /** Replicated writes arrive and wait. */
  hold(): void {
    this.#holds = true;
  }

  get held(): number {
    return this.#held.length;
  }

  /** Those that wait are applied and answered, or lost without an answer; later ones do not wait. */
  release(fate: Fate): void {
    this.#holds = false;
    for (const resolve of this.#held.splice(0)) resolve(fate);
  }

  /** Nothing is answered from now on, or all is. */
  answer(answers: boolean): void {
    this.#answers = answers;
  }

  /** The stream forgets what it has, read or not. */
  trim(): void {
    this.#trimmed = this.#records.length;
  }

  /** Positions in the stream end. */
  expire(): void {
    this.#expired = true;
  }

  /** Another, empty table takes the place of this one. */
  lose(): void {
    this.#items = new Map();
    this.#records = [];
    this.#trimmed = 0;
    this.#generation += 1;
  }
  #generation = 1;

  /** Pages of the table are read only once the promise is settled. */
  scanAfter(promise: Promise<void>): void {
    this.#scanned = promise;
  }

  destroy(): void {
    this.release('lost');
  }

  async tableStream(): Promise<TableStream | undefined> {
    this.#reach();
    return { arn: this.#arn, keyNames: ['pk'] };
  }

  async iterator(arn: string, { after }: Position): Promise<string> {
    this.#reach();
    if (arn !== this.#arn) throw new PositionLost(false, {});
    const at = after === undefined ? this.#trimmed : this.#records.findIndex(({ sequence }) => sequence === after) + 1;
    if (at < this.#trimmed) throw new PositionLost(true, {});
    this.#expired = false;
    return `${arn} ${at}`;
  }

  async records(iterator: string): Promise<{ readonly records: readonly StreamRecord[]; readonly next: string | undefined }> {
    this.#reach();
    const [arn = '', at] = iterator.split(' ');
    if (arn !== this.#arn || this.#expired) throw new PositionLost(false, {});
    if (Number(at) < this.#trimmed) throw new PositionLost(true, {});
    return { records: this.#records.slice(Number(at)), next: `${arn} ${this.#records.length}` };
  }

  async scan(_: string, after: Image | undefined): Promise<{ readonly items: readonly Image[]; readonly last: Image | undefined }> {
    await this.#scanned;
    this.#reach();
    const keys = [...this.#items.keys()].sort();
    const start = after === undefined ? 0 : keys.indexOf(keyIdOf(after)) + 1;
    const page = keys.slice(start, start + PAGE_ITEMS).flatMap((key) => {
      const item = this.#items.get(key);
      return item === undefined ? [] : [item];
    });
    const pk = page.at(-1)?.['pk'];
    return { items: page, last: pk !== undefined && start + PAGE_ITEMS < keys.length ? { pk } : undefined };
  }

  async write(_: string, send: Send): Promise<{ readonly outcome: Outcome; readonly failure?: Unreachable }> {
    const lost = { outcome: { kind: 'unknown' }, failure: new Unreachable('held') } as const;
    if (!this.#answers) return lost;
    if (this.#holds && (await new Promise<Fate>((resolve) => this.#held.push(resolve))) === 'lost') return lost;
    const before: Content = contentOf(this.#items.get(send.version.keyId) ?? null);
    if (before.hash !== send.expected.hash) return { outcome: { kind: 'refused', found: before } };
    this.#change(send.version.key, send.version.image);
    return { outcome: { kind: 'applied', before } };
  }

  get #arn(): string {
    return `${this.name}/${this.#generation}`;
  }

  #reach(): void {
    if (!this.#answers) throw new Unreachable(`${this.name} does not answer`);
  }

  #change(key: Image, after: Image | null): void {
    const keyId = keyIdOf(key);
    const before = this.#items.get(keyId) ?? null;
    const [old, now] = [before === null ? ABSENT : contentOf(before), after === null ? ABSENT : contentOf(after)];
    if (old.hash === now.hash) return;
    if (after === null) this.#items.delete(keyId);
    else this.#items.set(keyId, after);
    this.history.push(`${key['pk']?.S}=${after?.['value']?.S ?? '-'}`);
    this.#serial += 1;
    const atMs = Date.now();
    this.#records.push({
      sequence: `${String(atMs).padStart(20, '0')}${String(this.#serial).padStart(10, '0')}`,
      createdMs: Math.floor(atMs / 1_000) * 1_000,
      key,
      before,
      after,
    });
  }
}

export interface MemoryWorld {
  readonly replication: Replication;
  readonly events: readonly LinkEvent[];
  readonly told: () => readonly string[];
}

/** Replicates between these while `use` works. */
export const withMemory = async <const T extends readonly MemoryRegion[]>(
  regions: T,
  use: (world: MemoryWorld) => Promise<void>,
): Promise<void> => {
  const events: LinkEvent[] = [];
  const replication = new Replication({
    regions: regions.map(({ name }) => ({ name, endpoint: '', accessKeyId: '', secretAccessKey: 'none' })),
    tables: [TABLE],
    onEvent: (event) => events.push(event),
    emulatorOf: ({ name }) => {
      const found = regions.find((each) => each.name === name);
      if (!found) throw new Error(`no region ${name}`);
      return found;
    },
  });
  try {
    await replication.start();
    await use({ replication, events, told: () => events.map(({ region, to, detail }) => `${region} ${to} ${detail}`) });
  } finally {
    await replication.stop();
  }
};
