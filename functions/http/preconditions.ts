/**
 * Conditional requests (RFC 9110, 13). A write of a record must say what it was made from (RFC 6585, 3), and one ETag says
 * so by name: its versions go into the edit's own name, so that the edit is the same wherever it is repeated. That is why
 * what HTTP allows besides is refused: several ETags or `If-Match: *` would be one edit here and another elsewhere.
 */
import { HEADERS } from '../contract/names.ts';
import { FORMS } from '../contract/values.ts';
import { badRequest, Refusal } from './refusal.ts';

interface EntityTag {
  readonly weak: boolean;
  readonly opaque: string;
}

/** What a field says: any, or these; undefined where it is absent or malformed. */
type Tags = '*' | readonly EntityTag[] | undefined;

/** Each field as it was sent, several lines joined by commas. */
export interface Preconditions {
  readonly match: string | undefined;
  readonly noneMatch: string | undefined;
}

/** The versions that an edit was made from; none: the record is to be new. @throws {Refusal} */
export const parentsOf = ({ match, noneMatch }: Preconditions): readonly string[] => {
  if (match !== undefined && noneMatch !== undefined) throw misfit(HEADERS.ifNoneMatch, `allowed: this or ${HEADERS.ifMatch}, not both`);
  if (match !== undefined) return versionsOf(tagsOf(match));
  if (noneMatch === undefined)
    throw new Refusal(
      'precondition-required',
      `allowed: ${HEADERS.ifMatch} with the record's ETag, or ${HEADERS.ifNoneMatch}: * for a new one`,
    );
  if (noneMatch.trim() !== '*') throw misfit(HEADERS.ifNoneMatch, 'allowed: *');
  return [];
};

/** What becomes of a read whose answer has this tag. A malformed field is no condition. */
export const readOf = (tag: string, { match, noneMatch }: Preconditions): 'whole' | 'unchanged' | 'failed' => {
  const [wanted, known] = [match, noneMatch].map((text) => (text === undefined ? undefined : tagsOf(text)));
  if (wanted !== undefined && wanted !== '*' && !wanted.some(({ weak, opaque }) => !weak && opaque === tag)) return 'failed';
  // The weak comparison: caches and compressing proxies weaken tags, and may ask by them.
  return known === '*' || known?.some(({ opaque }) => opaque === tag) ? 'unchanged' : 'whole';
};

const versionsOf = (tags: Tags): readonly string[] => {
  const [tag, ...others] = tags === '*' ? [] : (tags ?? []);
  if (tag === undefined || others.length > 0)
    throw misfit(HEADERS.ifMatch, 'allowed: one ETag as this API gave it, in quotation marks; an edit is made from one state of a record');
  // Strong comparison: a weak tag matches nothing, nor does one that this API never gave.
  if (tag.weak) throw new Refusal('precondition-failed', 'a weak ETag matches nothing; allowed: the ETag as this API gave it, without W/');
  if (!FORMS.recordTag.pattern.test(`"${tag.opaque}"`))
    throw new Refusal('precondition-failed', 'no record has such an ETag; read it, and send its own');
  return tag.opaque.split('.');
};

const TAG = /[ \t,]*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?=,|$)/y;

const tagsOf = (text: string): Tags => {
  if (text.trim() === '*') return '*';
  const found = [...text.matchAll(new RegExp(TAG, 'gy'))];
  const rest = text.slice(found.reduce((length, [all]) => length + all.length, 0));
  if (found.length === 0 || !/^[ \t,]*$/.test(rest)) return undefined;
  return found.map(([, weak, opaque = '']) => ({ weak: weak !== undefined, opaque }));
};

const misfit = (header: string, message: string): Refusal => badRequest([{ at: `header ${header}`, message }]);
