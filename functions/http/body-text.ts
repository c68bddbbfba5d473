/**
 * The text of a body: UTF-8 without a content coding, or refused (RFC 8259, 8.1). API Gateway hands bodies over as base64,
 * because of one that it took for text nobody can tell whether bytes were lost; what comes as text is decided alike.
 */
import { LIMITS } from '../contract/values.ts';
import type { ApiEvent } from './event.ts';
import { badRequest, Refusal } from './refusal.ts';

type Headers = ReadonlyMap<string, readonly string[]>;

const MEDIA_TYPE = 'application/json';
/** What stands for bytes that were no text. */
const REPLACEMENT = '\ufffd';
const BYTE_ORDER_MARK = '\ufeff';

/** @throws {Refusal} */
export const bodyText = ({ body, isBase64Encoded }: ApiEvent, headers: Headers): string => {
  const given = body ?? '';
  const encoding = isBase64Encoded === true ? 'base64' : 'utf8';
  const bytes = Buffer.byteLength(given, encoding);
  if (bytes > LIMITS.bodyBytes) throw new Refusal('too-large', `given a body of ${bytes} bytes, allowed: ${LIMITS.bodyBytes}`);
  refuseCoded(headers);
  refuseTyped(headers.get('content-type')?.[0]);
  const text = encoding === 'utf8' ? whole(given) : decoded(Buffer.from(given, encoding));
  if (text.startsWith(BYTE_ORDER_MARK)) throw noText('begins with a byte order mark');
  return text;
};

/** RFC 9110, 15.5.16 and 8.4. */
const refuseCoded = (headers: Headers): void => {
  const codings = (headers.get('content-encoding') ?? []).flatMap((line) => line.split(',')).map((each) => each.trim().toLowerCase());
  if (codings.every((coding) => coding === '' || coding === 'identity')) return;
  throw new Refusal('unsupported-media-type', 'given a content-encoding, allowed: none; send the body as it is', {
    headers: { 'accept-encoding': 'identity' },
  });
};

const refuseTyped = (type: string | undefined): void => {
  const [essence = '', ...parameters] = (type ?? '').split(';').map((part) => part.trim().toLowerCase());
  if (essence !== MEDIA_TYPE)
    throw unsupported(type === undefined ? 'no content-type' : 'another content-type', `${MEDIA_TYPE}; send the body as that`);
  const charsets = parameters.filter((parameter) => /^charset\s*=/.test(parameter));
  if (charsets.some((charset) => !/^charset=("?)utf-8\1$/.test(charset))) throw unsupported('another charset', 'utf-8');
};

const unsupported = (given: string, allowed: string): Refusal =>
  new Refusal('unsupported-media-type', `given ${given}, allowed: ${allowed}`, { headers: { accept: MEDIA_TYPE } });

const whole = (text: string): string => {
  if (!text.isWellFormed()) throw noText('holds half a character');
  if (text.includes(REPLACEMENT)) throw noText('holds U+FFFD, which stands for bytes that were none; \\ufffd is how to send it');
  return text;
};

const decoded = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw noText('holds bytes that are none');
  }
};

const noText = (what: string): Refusal => badRequest([{ at: 'body', message: `${what}; allowed: JSON in UTF-8` }]);
