/** Values of command-line options: parsed once, refused with what was given and what is allowed. */
import { InvalidArgumentError } from 'commander';

/** A whole number from `minimum` to `maximum`. */
export const whole =
  (minimum: number, maximum: number) =>
  (given: string): number => {
    const value = Number(given);
    if (/^\d+$/.test(given) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`allowed: a whole number from ${minimum} to ${maximum}`);
  };

export const port = whole(1, 65_535);

/** An http or https URL without a path. */
export const baseUrl = (given: string): string => {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '') return url.origin;
  throw new InvalidArgumentError(`allowed: a URL such as http://localhost:4566`);
};

/** One of a list; may be given several times. */
export const oneOf =
  <T extends string>(allowed: readonly T[]) =>
  (given: string): T => {
    const found = allowed.find((each) => each === given);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`allowed: ${allowed.join(', ')}`);
  };

/** Collects an option that may be given several times; the first one replaces the default. */
export const collect = <T>(parse: (given: string) => T) => {
  const found: T[] = [];
  return (given: string): readonly T[] => {
    found.push(parse(given));
    return found;
  };
};
