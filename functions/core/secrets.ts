/**
 * What regions sign tokens with: a secret of each writer, which all regions come to know by replication. Nobody configures
 * one, and none is ever shown: an answer, a log line or a report has no way to a secret's text.
 *
 * | item | table | meaning |
 * |---|---|---|
 * | `REGIONS / SECRET#n#W` | data | W signs with it, unless there is one of a greater n. Written once; whoever knows it can judge what it signed |
 *
 * In the data table, which the API writes anyway: a permission for this partition of the control table would let it
 * evacuate regions. Beside the heartbeats, which are read every few seconds: judging a token reads nothing.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonical, hashOf } from './hash.ts';
import { ITEM_VERSION, partsOf, textOf, writerOf } from './item.ts';
import { REGIONS_KEY } from './operations.ts';
import type { Item } from './store.ts';

/** Hexadecimal digits: enough to tell the secrets of one system apart. */
const ID_LENGTH = 12;
/** Characters of base64url: 128 bits. */
const MAC_LENGTH = 22;

export class Secret {
  /** Names it in tokens. */
  readonly id: string;
  /** Not even a debugger's or a log's view of this object has it. */
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.id = hashOf('secret', text).slice(0, ID_LENGTH);
  }

  macOf(...parts: readonly unknown[]): string {
    return createHmac('sha256', this.#text).update(canonical(parts)).digest('base64url').slice(0, MAC_LENGTH);
  }

  /** Takes as long whatever is wrong with it. */
  made(mac: string, ...parts: readonly unknown[]): boolean {
    const [given, right] = [Buffer.from(mac), Buffer.from(this.macOf(...parts))];
    return given.length === right.length && timingSafeEqual(given, right);
  }
}

/** The first secret of a writer. */
export const firstSecret = (writer: string, text: string, atMs: number) =>
  ({ pk: REGIONS_KEY, sk: `SECRET#1#${writer}`, v: ITEM_VERSION, secret: text, at: atMs }) as const satisfies Item;

/** The secrets that a region knows, by what its table held when it was read last. */
export class Secrets {
  readonly #items: readonly Item[];
  readonly #byId = new Map<string, Secret>();
  readonly #byWriter = new Map<string, Secret>();

  constructor(items: readonly Item[] = []) {
    this.#items = items.filter((item) => partsOf(item)[0] === 'SECRET');
    for (const item of this.#items.toSorted((a, b) => numberIn(a) - numberIn(b))) {
      const text = textOf(item, 'secret');
      if (!text) continue;
      const secret = new Secret(text);
      this.#byId.set(secret.id, secret);
      this.#byWriter.set(writerOf(item), secret);
    }
  }

  with(item: Item | undefined): Secrets {
    return item ? new Secrets([...this.#items, item]) : this;
  }

  byId(id: unknown): Secret | undefined {
    return typeof id === 'string' ? this.#byId.get(id) : undefined;
  }

  /** What a writer signs with now. */
  of(writer: string): Secret | undefined {
    return this.#byWriter.get(writer);
  }
}

const numberIn = (item: Item): number => Number(partsOf(item)[1]);
