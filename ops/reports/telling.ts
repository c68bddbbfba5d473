/** What a report has to tell, whatever the drill: `text.ts` prints it, `html.ts` shows it. Pure. */
import type { CallerKind } from '../drill/operations.ts';

type Fact = readonly [name: string, value: string];

/** An event on the timeline that a reader looks for. */
export interface Mark {
  readonly second: number;
  readonly label: string;
  /** The fault and what belongs to it stands out. */
  readonly strong: boolean;
}

/** A moment on the timeline that was allowed or computed, for one kind of callers or for all. */
export interface Limit {
  readonly second: number;
  readonly label: string;
  readonly missed: boolean;
  readonly kind?: CallerKind;
}

/** Seconds of the timeline that stand out. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/** Milliseconds above which a request is too slow. */
export interface Ceiling {
  readonly ms: number;
  readonly label: string;
}

/** A table of its own: heading, columns, rows. */
export interface TellingTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Telling {
  /** Of the page. */
  readonly title: string;
  /** Of the verdict on a terminal. */
  readonly headline: string;
  /** What must be known beside every number. */
  readonly labels: readonly string[];
  /** The course of the drill in sentences. */
  readonly story: readonly string[];
  /** From when seconds are counted, in milliseconds since 1970, and what that was. */
  readonly zero: { readonly atMs: number; readonly name: string };
  readonly marks: readonly Mark[];
  readonly limits: readonly Limit[];
  readonly ceilings: readonly Ceiling[];
  readonly span: Span | undefined;
  /** For a terminal. */
  readonly brief: readonly Fact[];
  /** For each kind of caller. */
  readonly callers: readonly (readonly [name: string, of: (kind: CallerKind) => string])[];
  readonly facts: readonly Fact[];
  readonly tables: readonly TellingTable[];
  /** What its words mean; without a word of its own, what holds for all. */
  readonly definitions: readonly (readonly [word: string, meaning: string])[];
}
