/** Values of command-line options: parsed once, refused with what was given and what is allowed. */
import { type Command, InvalidArgumentError } from 'commander';

/** A whole number from `minimum` to `maximum`. */
export const whole =
  (minimum: number, maximum: number) =>
  (given: string): number => {
    const value = Number(given);
    if (/^\d+$/.test(given) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`allowed: a whole number from ${minimum} to ${maximum}`);
  };

/**
 * Ports that no browser and no `fetch` calls, whatever listens there: https://fetch.spec.whatwg.org/#port-blocking. A test
 * asks `fetch` for all of them.
 */
const REFUSED_BY_FETCH: ReadonlySet<number> = new Set([
  ...[1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113],
  ...[115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556],
  ...[563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667],
  ...[6668, 6669, 6679, 6697, 10_080],
]);

export const anyPort = whole(1, 65_535);

/** Of something that is called by HTTP. */
export const port = (given: string): number => {
  const value = anyPort(given);
  if (!REFUSED_BY_FETCH.has(value)) return value;
  throw new InvalidArgumentError(
    'no browser and no fetch calls that port; allowed: a whole number from 1 to 65535 that they call, such as 8080',
  );
};

/** An http or https URL without a path. */
export const baseUrl = (given: string): string => {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const plain = url !== undefined && url.pathname === '/' && `${url.search}${url.hash}${url.username}${url.password}` === '';
  if (plain && /^https?:$/.test(url.protocol)) return url.origin;
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

const repeatable = new WeakSet<object>();

/** Collects an option that may be given several times; the first one replaces the default. */
export const collect = <T>(parse: (given: string) => T) => {
  const found: T[] = [];
  const parser = (given: string): readonly T[] => {
    found.push(parse(given));
    return found;
  };
  repeatable.add(parser);
  return parser;
};

/** Of every other option only one value can count, and none is empty: neither is guessed. */
export const once = (command: Command): void => {
  for (const option of command.options.filter((each) => each.required || each.optional)) {
    const { parseArg: parse } = option;
    const repeats = parse !== undefined && repeatable.has(parse);
    let given = 0;
    option.argParser((value: string, previous: unknown): unknown => {
      if (value.trim() === '') throw new InvalidArgumentError('allowed: a value that is not empty');
      given += 1;
      if (given > 1 && !repeats) throw new InvalidArgumentError('given twice; allowed: once');
      return parse === undefined ? value : parse(value, previous);
    });
  }
  for (const each of command.commands) once(each);
};
