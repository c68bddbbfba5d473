/** Tokens of the next release: those of payments name what that release writes beside them, of a type that this one does not know. */
import type { Secret } from '../../../functions/core/secrets.ts';
import type { Key } from '../../../functions/core/store.ts';
import { tokenOf as present } from '../../../functions/core/token.ts';

export * from '../../../functions/core/token.ts';

export const tokenOf = (carriers: readonly Key[], subject: string, secret: Secret): string | undefined =>
  present(carriers.flatMap(withGift), subject, secret);

const withGift = ({ pk, sk }: Key): readonly Key[] =>
  sk.startsWith('E#paid#')
    ? [
        { pk, sk },
        { pk, sk: sk.replace('E#paid#', 'E#gift#') },
      ]
    : [{ pk, sk }];
