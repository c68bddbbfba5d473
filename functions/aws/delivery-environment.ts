/** What functions beside the API are told beside `ENV`: each reads what it needs; all that is wrong is named at once. */
import { DELIVERY_ENV } from '../contract/names.ts';

const BAKE_MINUTES_MAX = 50;
const MINUTE_MS = 60_000;

type Name = keyof typeof DELIVERY_ENV;

class Reader {
  readonly problems: string[] = [];
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  text(name: Name): string {
    return this.#matching(name, /./);
  }

  /** Undefined when it is empty. */
  optional(name: Name): string | undefined {
    const text = this.#matching(name, /^/);
    return text === '' ? undefined : text;
  }

  /** Number of a version, as text. */
  version(name: Name): string {
    return this.#matching(name, /^\d+$/);
  }

  /** Undefined when it is empty. */
  url(name: Name): string | undefined {
    const text = this.#matching(name, /^(https:\/\/.+)?$/);
    return text === '' ? undefined : text;
  }

  list(name: Name): readonly string[] {
    return this.#matching(name, /^/)
      .split(',')
      .filter((each) => each !== '');
  }

  flag(name: Name): boolean {
    return this.#matching(name, /^(true|false)$/) === 'true';
  }

  /** Given in minutes. */
  bakeMs(name: Name): number {
    const minutes = Number(this.#matching(name, /^\d+$/));
    if (minutes > BAKE_MINUTES_MAX) this.problems.push(`${DELIVERY_ENV[name]} is wrong`);
    return minutes * MINUTE_MS;
  }

  #matching(name: Name, pattern: RegExp): string {
    const text = this.#env[DELIVERY_ENV[name]];
    if (text !== undefined && pattern.test(text)) return text;
    this.problems.push(`${DELIVERY_ENV[name]} is ${text === undefined ? 'missing' : 'wrong'}`);
    return '';
  }
}

/** @throws {Error} naming every variable that is missing or wrong */
export const readDelivery = <T>(env: Readonly<Record<string, string | undefined>>, read: (from: Reader) => T): T => {
  const from = new Reader(env);
  const value = read(from);
  if (from.problems.length > 0) throw new Error(`the environment has problems: ${from.problems.join(', ')}; redeploy the stack`);
  return value;
};
