/**
 * What a caller was told, and goes by: the heads of the records that it saw, and the tokens of what it did. One subject may be several callers, as people
 * have a phone and a laptop.
 */
import type { RecordName } from '../functions/core/records.ts';
import type { Answer } from './api.ts';
import type { Told } from './ledger.ts';
import { type Request, recordKeyOf } from './requests.ts';

type Edit = Extract<Request, { kind: 'edit' }>;

/** A request as a caller wishes it: what an edit is made from depends on what the caller saw before. */
export type Wish = Exclude<Request, Edit> | EditWish;

export interface EditWish {
  readonly kind: 'edit';
  readonly record: RecordName;
  /** From the heads that the caller saw last, or saw before those, or from nothing; or its last edit `again`. */
  readonly from: 'seen' | 'before' | 'nothing' | 'again';
  readonly value: string;
  /** @default made anew for each edit but one that is made again */
  readonly key?: string;
}

/** Tokens that a caller sends along at most. */
const TOKENS = 3;

export class Memory {
  readonly #who: number;
  /** By record, the newest last. */
  readonly #heads = new Map<string, (readonly string[])[]>();
  readonly #edits = new Map<string, Edit>();
  readonly #told: Told[] = [];
  #keys = 0;

  constructor(who: number) {
    this.#who = who;
  }

  /** What the caller sends, and repeats without a change however often it tries. */
  request(wish: Wish): Request {
    if (wish.kind !== 'edit') return wish;
    const { record, from, value } = wish;
    const pk = recordKeyOf(record);
    const before = this.#edits.get(pk);
    if (from === 'again' && before) return before;
    const seen = this.#heads.get(pk) ?? [];
    const parents = (from === 'nothing' ? undefined : seen.at(from === 'before' ? -2 : -1)) ?? [];
    this.#keys += 1;
    // Who goes by what it saw before takes its last key again, which makes it no other edit.
    const anew = from === 'before' && before ? before.key : `edit-${this.#keys} of ${this.#who}`;
    const edit: Edit = { kind: 'edit', record, key: wish.key ?? anew, parents, value };
    this.#edits.set(pk, edit);
    return edit;
  }

  /** What the caller goes by: the last that it was told. */
  get lastTold(): readonly Told[] {
    return this.#told.slice(-TOKENS);
  }

  /** An answer reached the caller. */
  told(request: Request, answer: Answer): void {
    if (answer.kind !== 'done') return;
    const { value, carriers, tag } = answer;
    if (carriers.length > 0) this.#told.push({ request, value, carriers });
    if (!('record' in request) || tag === undefined) return;
    const key = recordKeyOf(request.record);
    const seen = this.#heads.get(key) ?? [];
    seen.push(tag.split('.'));
    this.#heads.set(key, seen);
  }
}
