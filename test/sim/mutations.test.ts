import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { editedText } from '../../ops/simulation/mutant.ts';
import { MUTATIONS } from '../../sim/mutations/registry.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

describe('mutations', () => {
  it('are many, and each has a name of its own', () => {
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(25);
  });

  it.each(MUTATIONS)('$name edits one place that is there', (mutation) => {
    const source = read(mutation.file);
    expect(editedText(mutation, source)).not.toBe(source);
    expect(editedText(mutation, source)).toContain('instead(');
  });

  it('whose place has moved say so', () => {
    const [mutation] = MUTATIONS;
    if (mutation) expect(() => editedText(mutation, '')).toThrow(/stands 0 times .* move the mutation/);
  });
});
