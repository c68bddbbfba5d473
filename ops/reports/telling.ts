/** What a report has to tell, whatever the drill: `text.ts` prints it, `html.ts` shows it. Pure. */
import type { CallerKind } from '../drill/operations.ts';
import type { Mark } from './timeline.ts';

type Fact = readonly [name: string, value: string];

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
  /** What a reader looks for on the timeline. */
  readonly marks: readonly Omit<Mark, 'letter'>[];
  /** A span of the timeline that stands out. */
  readonly span: { readonly from: number; readonly to: number } | undefined;
  /** For a terminal. */
  readonly brief: readonly Fact[];
  /** For each kind of caller. */
  readonly callers: readonly (readonly [name: string, of: (kind: CallerKind) => string])[];
  readonly facts: readonly Fact[];
  /** Tables of their own: heading, columns, rows. */
  readonly tables: readonly { readonly title: string; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }[];
  /** What its words mean. */
  readonly definitions: readonly string[];
}
