/**
 * The certificates of a local system: an authority of its own for each start, which can vouch for the API's names only,
 * and one certificate for each region, with the names that the cell's ACM certificate has. Keys are in memory only.
 *
 * Encoded by hand, because Node makes no certificates: https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { bits, boolean, explicit, implicit, integer, objectIdentifier, octets, sequence, set, time, utf8 } from './der.ts';

/** Of a server, both PEM. */
export interface Credentials {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority {
  /** PEM. */
  readonly certificate: string;
  /** A certificate for these DNS names, and a key that is used for it alone. */
  issue(subject: string, names: readonly string[]): Credentials;
}

/** Longer than anybody keeps a system running, and over soon after the system is. */
const VALID_MS = 30 * 24 * 60 * 60 * 1_000;
/** Callers in a virtual machine may have a clock that is behind. */
const BEFORE_MS = 60 * 60 * 1_000;
const SERIAL_BYTES = 16;
const SUBJECT = 'Tandem on this machine';
const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  sequence(objectIdentifier(id), ...(critical ? [boolean(true)] : []), octets(value));
const dnsName = (name: string): Buffer => implicit(2, Buffer.from(name));

/** @param domain the names that it may vouch for: this one and those below it */
export const makeAuthority = (domain: string, nowMs: number): Authority => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const keyId = keyIdentifier(publicKey);
  const make = (subject: string, subjectKey: KeyObject, extensions: readonly Buffer[]): string =>
    signed({ subject, subjectKey, extensions, issuerKey: privateKey, nowMs });
  return {
    certificate: make(SUBJECT, publicKey, [
      extension('2.5.29.19', true, sequence(boolean(true), integer(0))),
      extension('2.5.29.15', true, KEY_USAGE.signsCertificates),
      extension('2.5.29.14', false, octets(keyId)),
      extension('2.5.29.30', true, sequence(explicit(0, sequence(dnsName(domain))))),
    ]),
    issue: (subject, names) => {
      const own = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const certificate = make(subject, own.publicKey, [
        extension('2.5.29.19', true, sequence()),
        extension('2.5.29.15', true, KEY_USAGE.signs),
        extension('2.5.29.37', false, sequence(objectIdentifier(SERVER_AUTHENTICATION))),
        extension('2.5.29.17', false, sequence(...names.map(dnsName))),
        extension('2.5.29.35', false, sequence(implicit(0, keyId))),
      ]);
      return { certificate, key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
  };
};

const KEY_USAGE = { signs: bits(Buffer.of(0x80), 7), signsCertificates: bits(Buffer.of(0x04), 2) } as const;
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';

interface Contents {
  readonly subject: string;
  readonly subjectKey: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly issuerKey: KeyObject;
  readonly nowMs: number;
}

const signed = ({ subject, subjectKey, extensions, issuerKey, nowMs }: Contents): string => {
  const serial = randomBytes(SERIAL_BYTES);
  // Positive, and without a first byte that says nothing.
  serial.writeUInt8(0x40 | (serial.readUInt8(0) & 0x3f), 0);
  const content = sequence(
    explicit(0, integer(2)),
    integer(serial),
    ECDSA_WITH_SHA256,
    commonName(SUBJECT),
    sequence(time(nowMs - BEFORE_MS), time(nowMs + VALID_MS)),
    commonName(subject),
    subjectKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  const der = sequence(content, ECDSA_WITH_SHA256, bits(sign('sha256', content, issuerKey)));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
};

const commonName = (name: string): Buffer => sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8(name))));

const keyIdentifier = (key: KeyObject): Buffer =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
