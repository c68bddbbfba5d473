/**
 * Conditional requests (RFC 9110, 13). A write of a record must say what it was made from (RFC 6585, 3), and one ETag says
 * so by name: its versions go into the edit's own name, so that the edit is the same wherever it is repeated under its key. That is why
 * what HTTP allows besides is refused: several ETags or `If-Match: *` would be one edit here and another elsewhere.
 */
import { HEADERS } from '../contract/names.ts';
import { FORMS } from '../contract/values.ts';
import { badRequest, Refusal } from './refusal.ts';

interface EntityTag {
  readonly weak: boolean;
  readonly opaque: string;
}

/** What a field says: any, or these. */
type Tags = '*' | readonly EntityTag[];

/** Each field as it was sent, several lines joined by commas. */
export interface Preconditions {
  readonly match: string | undefined;
  readonly noneMatch: string | undefined;
}

/** The versions that an edit was made from; none: the record is to be new. @throws {Refusal} */
export const parentsOf = ({ match, noneMatch }: Preconditions): readonly string[] => {
  if (match !== undefined && noneMatch !== undefined) throw misfit(HEADERS.ifNoneMatch, `allowed: this or ${HEADERS.ifMatch}, not both`);
  if (match !== undefined) return versionsOf(tagsOf(HEADERS.ifMatch, match));
  if (noneMatch === undefined)
    throw new Refusal(
      'precondition-required',
      `allowed: ${HEADERS.ifMatch} with the record's ETag, or ${HEADERS.ifNoneMatch}: * for a new one`,
    );
  if (noneMatch.trim() !== '*') throw misfit(HEADERS.ifNoneMatch, 'allowed: *');
  return [];
};

/** What becomes of a read whose answer has this tag. @throws {Refusal} of a field that is none, and of a state that is another */
export const readOf = (tag: string, { match, noneMatch }: Preconditions): 'whole' | 'unchanged' => {
  const wanted = match === undefined ? undefined : tagsOf(HEADERS.ifMatch, match);
  const known = noneMatch === undefined ? undefined : tagsOf(HEADERS.ifNoneMatch, noneMatch);
  if (wanted !== undefined && wanted !== '*' && !wanted.some(({ weak, opaque }) => !weak && opaque === tag))
    throw new Refusal('precondition-failed', `the ETag here is "${tag}"${wanted.map(causeOf).find((cause) => cause !== undefined) ?? ''}`);
  // The weak comparison: caches and compressing proxies weaken tags, and may ask by them.
  return known === '*' || known?.some(({ opaque }) => opaque === tag) ? 'unchanged' : 'whole';
};

const versionsOf = (tags: Tags): readonly string[] => {
  const [tag, ...others] = tags === '*' ? [] : tags;
  if (tag === undefined || others.length > 0)
    throw misfit(HEADERS.ifMatch, 'allowed: one ETag as this API gave it, in quotation marks; an edit is made from one state of a record');
  // Strong comparison: a weak tag matches nothing, nor does one that this API never gave.
  if (tag.weak || !FORMS.recordTag.pattern.test(`"${tag.opaque}"`))
    throw new Refusal('precondition-failed', `no record has such an ETag; read it, and send its own${causeOf(tag) ?? ''}`);
  return tag.opaque.split('.');
};

const OWN = /[0-9a-f]{32}(?:\.[0-9a-f]{32})*/;

/** Whoever compresses an answer on its way gives it another ETag, `"TAG-gzip"` or `W/"TAG"`, and seldom takes that back. */
const causeOf = ({ weak, opaque }: EntityTag): string | undefined => {
  const [own] = OWN.exec(opaque) ?? [];
  if (own !== undefined && own !== opaque)
    return `; given "${shown(opaque)}": a proxy or cache between, which compresses or transforms answers, has changed the ETag "${shown(own)}" of this API. Send that, or have it leave ETags alone`;
  return weak ? '; given a weak one (W/), which a proxy or cache that compresses answers makes of an ETag: send it without W/' : undefined;
};

const SHOWN_MAX = 80;
const shown = (text: string): string => (text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text);

const TAG = /(W\/)?"([!#-~\x80-\xff]*)"/g;

/** @throws {Refusal} of a field that is none: to pass over it would be to do what its sender did not ask for */
const tagsOf = (header: string, text: string): Tags => {
  const given = text.trim();
  if (given === '*') return '*';
  if (!FORMS.tags.pattern.test(given)) throw misfit(header, 'allowed: *, or ETags in quotation marks, separated by commas');
  return [...given.matchAll(TAG)].map(([, weak, opaque = '']) => ({ weak: weak !== undefined, opaque }));
};

const misfit = (header: string, message: string): Refusal => badRequest([{ at: `header ${header}`, message }]);
