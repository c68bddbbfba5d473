import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Authority, ownerOf } from '../../functions/core/owner.ts';
import { isSynthetic } from '../../functions/core/synthetic.ts';

const OWN = { kind: 'own', issuer: 'tandem' } as const;
const kinds = fc.constantFrom('own', 'registered', 'oidc');
const issuers = fc.constantFrom('tandem', 'https://id.example.com', 'https://id.example.com/', 'a:b', 'a', '');
const authorities: fc.Arbitrary<Authority> = fc.record({ kind: kinds, issuer: issuers });
/** Subjects, and those that are made to look like another's owner. */
const subjects = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom('ann', 'anonymous', 'issuer:', 'b:ann', 'canary:x'),
  fc.tuple(authorities, fc.constantFrom('ann', 'anonymous', 'issuer:')).map(([authority, subject]) => ownerOf(authority, subject)),
);
const names = fc.record({ authority: authorities, subject: subjects });

describe('the owner of a row', () => {
  it('is the subject as it stands for keys of the own issuer, as it always was', () => {
    for (const subject of ['ann', 'canary:eu-central-1', 'a b/c#d', 'Issuer:x']) expect(ownerOf(OWN, subject)).toBe(subject);
  });

  it('keeps its text for ever: it is part of keys and ids', () => {
    expect(ownerOf({ kind: 'oidc', issuer: 'https://id.example.com' }, 'ann')).toMatchInlineSnapshot(
      `"issuer:f1f90625a56f4274d7696b28a7364752:ann"`,
    );
    expect(ownerOf({ kind: 'registered', issuer: 'partner' }, 'ann')).toMatchInlineSnapshot(
      `"issuer:5bb08b94e33155d9ce4236724b4aa10d:ann"`,
    );
  });

  it('is one for each authority and subject, whatever they are called', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        const own = (name: typeof a) => (name.authority.kind === 'own' ? { ...name, authority: OWN } : name);
        const [one, other] = [own(a), own(b)];
        const alike = JSON.stringify(one) === JSON.stringify(other);
        expect(ownerOf(one.authority, one.subject) === ownerOf(other.authority, other.subject)).toBe(alike);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is nobody's where a subject calls itself as everybody is called, and synthetic by the own issuer alone", () => {
    fc.assert(
      fc.property(names, ({ authority, subject }) => {
        const owner = ownerOf(authority, subject);
        expect(owner).not.toBe('anonymous');
        if (authority.kind !== 'own') expect(isSynthetic(owner)).toBe(false);
      }),
    );
  });
});
