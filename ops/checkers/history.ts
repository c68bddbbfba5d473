/**
 * What a checker is asked: could these operations, each somewhere between its call and its return, have happened one after
 * the other on one set of names, so that every answer is explained? The checker is Porcupine, an implementation that knows
 * nothing of this project: `porcupine/main.go` reads these shapes.
 *
 * Linearizability: Herlihy and Wing, 1990. https://github.com/anishathalye/porcupine
 */

/**
 * What one operation does with the set, and what its answer says of it.
 *
 * | kind | the set must | then |
 * |---|---|---|
 * | `read` | show exactly `sees` | |
 * | `lacks` | hold none of `names` | |
 * | `add` | hold all of `needs` | `names` are in it |
 * | `arrive` | | `names` are in it |
 * | `edit` | hold `names` already, or show exactly `needs` | `names` are in it |
 * | `edit-refused` | neither hold `names` nor show exactly `needs` | |
 * | `edit-perhaps` | | `names` are in it, if it showed exactly `needs` |
 *
 * It shows all that it holds; of versions, those that no other version in it was made from.
 */
export interface Step {
  readonly kind: 'read' | 'lacks' | 'add' | 'arrive' | 'edit' | 'edit-refused' | 'edit-perhaps';
  readonly names: readonly string[];
  readonly needs: readonly string[];
  readonly sees: readonly string[];
  /** Milliseconds since 1970. */
  readonly call: number;
  /** The same; null: no answer, and so it may take effect at any time after its call, or never be seen. */
  readonly return: number | null;
  /** For people. */
  readonly about: string;
}

export interface History {
  readonly name: string;
  /** Seconds after which the checker gives up: the question is NP-complete. */
  readonly secondsMax: number;
  readonly forVersions: boolean;
  /** Of each version, those it was made from. */
  readonly parents: Readonly<Record<string, readonly string[]>>;
  readonly operations: readonly Step[];
}

export interface Verdict {
  readonly name: string;
  /** `Unknown`: it gave up. */
  readonly verdict: 'Ok' | 'Illegal' | 'Unknown';
  /** Numbers of operations that do not fit behind the longest order that explains others; of a refused history only. */
  readonly unexplained: readonly number[];
}

const SECONDS_MAX = 10;

export const step = (kind: Step['kind'], rest: Omit<Partial<Step>, 'kind'> & Pick<Step, 'call' | 'return' | 'about'>): Step => ({
  kind,
  names: [],
  needs: [],
  sees: [],
  ...rest,
});

/**
 * Leaves out what can explain nothing: arrivals after the last answer, second arrivals of a name, and those of a name that
 * was acknowledged before. What a read showed had arrived when the read returned: that changes no verdict, and spares the
 * checker most of its search.
 */
export const historyOf = (name: string, steps: readonly Step[], parents?: History['parents']): History => {
  const answered = steps.filter((each) => each.return !== null);
  const lastMs = Math.max(...answered.map((each) => each.return ?? 0));
  const kept = new Set<string>();
  const useful = (each: Step): boolean => {
    if (each.kind !== 'arrive') return each.return !== null || each.call <= lastMs;
    const [arriving = ''] = each.names;
    const known = answered.some(
      ({ kind, names, return: end }) => (kind === 'add' || kind === 'edit') && names.includes(arriving) && (end ?? 0) < each.call,
    );
    if (each.call > lastMs || kept.has(arriving) || known) return false;
    kept.add(arriving);
    return true;
  };
  const shown = new Map<string, number>();
  for (const { kind, sees, return: end } of answered)
    if (kind === 'read') for (const each of sees) shown.set(each, Math.min(end ?? Infinity, shown.get(each) ?? Infinity));
  const arrived = (each: Step): Step => {
    const shownMs = shown.get(each.names[0] ?? '');
    // Shown before it was asked for: no order explains that, and none may be made up.
    return each.kind !== 'arrive' || shownMs === undefined || shownMs < each.call ? each : { ...each, return: shownMs };
  };
  const operations = steps
    .toSorted((a, b) => a.call - b.call)
    .filter(useful)
    .map(arrived);
  return { name, secondsMax: SECONDS_MAX, forVersions: parents !== undefined, parents: parents ?? {}, operations };
};
