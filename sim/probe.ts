/** Counts what a mutation changes: a defect that changes nothing proves nothing. */
let changes = 0;

/** What a mutated place says, instead of what the rule says. */
export const instead = <T>(right: T, wrong: T): T => {
  // A function has no text: another one is another.
  if (typeof right === 'function' ? right !== wrong : JSON.stringify(right) !== JSON.stringify(wrong)) changes += 1;
  return wrong;
};

/** How often a mutation changed something since the program began. */
export const changesByMutation = (): number => changes;
