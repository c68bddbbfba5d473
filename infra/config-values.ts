/** The kinds of values that the configuration takes. Each refuses with what was given, what is allowed, what to do. */
import * as z from 'zod';

/** A rule's refusal: what was given, what is allowed, what to do. */
export const refusal = (allowed: string, todo: string) => ({
  error: (issue: { readonly input?: unknown }) =>
    `${issue.input === undefined ? 'missing' : `given ${show(issue.input)}`}; allowed: ${allowed}; ${todo}`,
});

export const pattern = (regex: RegExp, allowed: string) => {
  const rule = refusal(allowed, 'correct it');
  return z.string(rule).regex(regex, rule);
};
export const regionName = pattern(/^[a-z]{2}(-[a-z]+)+-\d$/, 'the name of an AWS region, such as "eu-central-1"');
export const arn = pattern(/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/, 'the ARN of a KMS key');
const PUBLIC_NAME = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/;
export const hostname = pattern(PUBLIC_NAME, 'a lower-case domain name, such as "api.example.com"');
export const hostedZoneId = pattern(/^Z[A-Z0-9]{1,31}$/, 'the id of a Route 53 hosted zone, such as "Z0123456789ABC"');
const ISSUER = refusal(
  'the https address of an OpenID Connect issuer: a public name, with no user, query or fragment',
  'write it exactly as the tokens have it in `iss`',
);
/** Functions fetch the issuer's keys from there, so it names nothing within their own network, and holds no secret. */
export const issuerUrl = z.url({ protocol: /^https$/, ...ISSUER }).refine((given) => {
  const { hostname: host, username, password } = new URL(given);
  return username + password === '' && !/[?#]/.test(given) && PUBLIC_NAME.test(host) && !/(^|\.)local(host)?$/.test(host);
}, ISSUER);

const ORIGINS = refusal(
  'a list of up to 20 origins as browsers send them, such as "https://app.example.com" or "http://localhost:3000", or "*" alone',
  'write scheme and host in lower case, a port where it is not that of the scheme, and nothing behind',
);
const isOrigin = (text: string): boolean => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
/** Compared letter by letter with what a browser says: an origin written otherwise would never match. */
export const origins = z
  .array(z.string(ORIGINS), ORIGINS)
  .max(20, ORIGINS)
  .refine((given) => given.every(isOrigin) || (given.length === 1 && given[0] === '*'), ORIGINS);

export const whole = (minimum: number, maximum: number) => {
  const rule = refusal(`a whole number from ${minimum} to ${maximum}`, 'choose one of these');
  return z.int(rule).min(minimum, rule).max(maximum, rule);
};
export const positive = (() => {
  const rule = refusal('a number above 0', 'choose one');
  return z.number(rule).positive(rule);
})();
export const oneOf = <const T extends string | number>(...values: readonly [T, ...T[]]) =>
  z.literal(values, refusal(values.map((value) => JSON.stringify(value)).join(', '), 'choose one of these'));
export const flag = z.boolean(refusal('true or false', 'choose one'));
/** A nested object, which refuses keys that it does not know. */
export const section = <T extends z.ZodRawShape>(shape: T) => {
  const keys = Object.keys(shape).join(', ');
  const rule = refusal(`an object of ${keys}`, 'write one');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `given ${issue.keys.map(show).join(', ')}, which is unknown; allowed: ${keys}; remove or correct it`
        : rule.error(issue),
  });
};

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

/** What a key means, and what a change of it does to a system that is deployed. docs/configuration.md shows both. */
export const told = <T extends z.ZodType>(means: string, change: string, value: T): T => value.meta({ description: means, change });
