/** What must hold whenever the world has healed and come to rest. Checked on the items, and on what callers read. */
import { canonical } from '../functions/core/hash.ts';
import { foldControl } from '../functions/core/operations.ts';
import type { Item } from '../functions/core/store.ts';
import { writerName } from '../functions/core/writer.ts';
import type { Cell } from './cell.ts';
import type { Closings } from './closings.ts';
import { type Facts, readFacts } from './facts.ts';
import type { Happened } from './happened.ts';
import type { Ledger } from './ledger.ts';
import { orderViolations } from './orders.ts';
import { acknowledgementViolations } from './promises.ts';
import { recordViolations } from './records.ts';
import { keyText } from './replica.ts';
import { stockViolations } from './stock.ts';
import { viewViolations } from './views.ts';
import { lastingWishes } from './wishes.ts';

export interface Violation {
  /** Short, and the same for one kind: what the shrinker holds on to. */
  readonly rule: string;
  readonly detail: string;
}

export interface Healed {
  readonly regions: readonly string[];
  /** Of every region that is not lost. */
  readonly cells: readonly Cell[];
  readonly closings: Closings;
  readonly ledger: Ledger;
  readonly happened: Happened;
  readonly nowMs: number;
  /** Milliseconds between the clocks of two regions at most. */
  readonly skewMs: number;
}

export const violationsOf = async (healed: Healed): Promise<readonly Violation[]> => {
  const [first, ...others] = healed.cells;
  if (first === undefined) return [];
  const items = first.replica('data').items();
  const writers = {
    serving: new Set(healed.cells.map(({ writer }) => writer)),
    closing: new Set(healed.closings.regions.map((region) => closingWriter(first, region))),
  };
  const differing = others.flatMap((cell) => differences(first, cell, writers));
  if (differing.length > 0) return differing;
  const facts: Facts = readFacts(items);
  return [
    ...acknowledgementViolations(healed, facts),
    ...orderViolations(facts, (region) => healed.closings.isResting(region)),
    ...stockViolations(facts, healed),
    ...recordViolations(facts, healed),
    ...healed.cells.flatMap((cell) => lastingWishes(cell, healed.nowMs)),
    ...(await viewViolations(healed, facts)),
  ];
};

interface Writers {
  /** Of regions that are not lost. */
  readonly serving: ReadonlySet<string>;
  /** Of the books of those that are. */
  readonly closing: ReadonlySet<string>;
}

/** The name under which the books of a lost region are closed. */
const closingWriter = (cell: Cell, region: string): string => {
  const { incarnation } = foldControl(region, cell.replica('control').items());
  return writerName({ region, incarnation });
};

/**
 * Every region holds the same items, but for the mark of a fact that was put again, and the rows of a writer that is
 * retired: survivors may have seen different last versions of them, which is why nobody reads them any more.
 */
const differences = (a: Cell, b: Cell, writers: Writers): readonly Violation[] =>
  (['data', 'control'] as const).flatMap((table) => {
    const [left, right] = [a.replica(table), b.replica(table)];
    const violations: Violation[] = [];
    for (const [here, there] of [
      [left, right],
      [right, left],
    ] as const) {
      for (const item of here.items()) {
        const other = there.get(item);
        if (other === item || (other !== undefined && content(other) === content(item)) || isRetiredRow(table, item, writers)) continue;
        const detail = `${a.name} and ${b.name} differ in ${keyText(item).replace('\n', ' ')}: ${canonical(left.get(item) ?? null)} and ${canonical(right.get(item) ?? null)}`;
        violations.push({ rule: 'the same items in every region', detail });
      }
    }
    return violations;
  });

const ROWS: readonly string[] = ['HELD', 'TILL', 'BEAT', 'HEAD'];

const isRetiredRow = (table: string, { sk }: Item, { serving, closing }: Writers): boolean => {
  const [type, writer] = [sk.slice(0, sk.indexOf('#')), sk.slice(sk.lastIndexOf('#') + 1)];
  // Wishes count for minutes: the word that takes one back may have reached one survivor, before the rebuild that gave it was run again.
  if (type === 'WISH') return true;
  if (serving.has(writer) || (table === 'data' && !ROWS.includes(type))) return false;
  // Whoever was given up and heard how its books will be closed may have beaten under that name, and reached one survivor.
  return type === 'BEAT' || !closing.has(writer);
};

const content = ({ reput: _, ...item }: Item): string => canonical(item);
