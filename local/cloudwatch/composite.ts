/**
 * Rules of composite alarms: `ALARM("a") AND NOT (OK(b) OR INSUFFICIENT_DATA("arn:..."))`. Pure.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
 */
import type { AlarmState } from '../../functions/contract/delivery.ts';

export type Rule =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'state'; readonly alarm: string; readonly state: AlarmState }
  | { readonly kind: 'not'; readonly rule: Rule }
  | { readonly kind: 'and' | 'or'; readonly left: Rule; readonly right: Rule };

/** A rule that cannot be read, or names what is not there. The message says where. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

/** AWS's limit. */
const RULE_CHARACTERS_MAX = 10_240;
const NESTING_MAX = 200;
const WORDS = /\s*(?:([A-Z_]+)(?=[\s()]|$)|([()]))/y;
const OPERAND = /\s*\(\s*(?:"([^"]+)"|([^\s()"]+))\s*\)/y;
const ALLOWED = 'ALARM(name), OK(name), INSUFFICIENT_DATA(name), TRUE, FALSE, AND, OR, NOT and parentheses';

/** NOT binds tighter than AND, and AND tighter than OR. @throws {RuleError} */
export const parseRule = (text: string): Rule => {
  if (text.length > RULE_CHARACTERS_MAX)
    throw new RuleError(`given a rule of ${text.length} characters; supported: ${RULE_CHARACTERS_MAX}`);
  return new Parser(text).parse();
};

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Rule {
    const rule = this.#either();
    if (this.#text.slice(this.#at).trim() !== '') throw this.#unexpected();
    return rule;
  }

  #either(): Rule {
    let left = this.#both();
    while (this.#take('OR')) left = { kind: 'or', left, right: this.#both() };
    return left;
  }

  #both(): Rule {
    let left = this.#one();
    while (this.#take('AND')) left = { kind: 'and', left, right: this.#one() };
    return left;
  }

  #one(): Rule {
    this.#depth += 1;
    if (this.#depth > NESTING_MAX) throw new RuleError(`given a rule nested deeper than ${NESTING_MAX}; write it flatter`);
    const rule = this.#operand();
    this.#depth -= 1;
    return rule;
  }

  #operand(): Rule {
    if (this.#take('NOT')) return { kind: 'not', rule: this.#one() };
    if (this.#take('TRUE')) return { kind: 'constant', value: true };
    if (this.#take('FALSE')) return { kind: 'constant', value: false };
    if (this.#take('(')) {
      const rule = this.#either();
      if (!this.#take(')')) throw this.#unexpected();
      return rule;
    }
    for (const state of ['ALARM', 'OK', 'INSUFFICIENT_DATA'] as const) {
      if (this.#take(state)) return { kind: 'state', alarm: this.#name(), state };
    }
    throw this.#unexpected();
  }

  #name(): string {
    OPERAND.lastIndex = this.#at;
    const found = OPERAND.exec(this.#text);
    const name = found?.[1] ?? found?.[2];
    if (name === undefined) throw this.#unexpected();
    this.#at = OPERAND.lastIndex;
    return name;
  }

  #take(word: string): boolean {
    WORDS.lastIndex = this.#at;
    const found = WORDS.exec(this.#text);
    if ((found?.[1] ?? found?.[2]) !== word) return false;
    this.#at = WORDS.lastIndex;
    return true;
  }

  #unexpected(): RuleError {
    const rest = this.#text.slice(this.#at).trim();
    return new RuleError(`given ${rest === '' ? 'the end of the rule' : `"${rest.slice(0, 60)}"`} at ${this.#at}; supported: ${ALLOWED}`);
  }
}

/** The rule with every alarm under the name that `nameOf` gives it. @throws {RuleError} when it gives none */
export const renameAlarms = (rule: Rule, nameOf: (given: string) => string | undefined): Rule => {
  switch (rule.kind) {
    case 'constant':
      return rule;
    case 'state': {
      const alarm = nameOf(rule.alarm);
      if (alarm === undefined)
        throw new RuleError(`given an alarm "${rule.alarm}" that is in no template; supported: alarms of this region`);
      return { ...rule, alarm };
    }
    case 'not':
      return { kind: 'not', rule: renameAlarms(rule.rule, nameOf) };
    default:
      return { kind: rule.kind, left: renameAlarms(rule.left, nameOf), right: renameAlarms(rule.right, nameOf) };
  }
};

/** Names of the alarms that a rule asks for, each once. */
export const alarmsIn = (rule: Rule): readonly string[] => {
  switch (rule.kind) {
    case 'constant':
      return [];
    case 'state':
      return [rule.alarm];
    case 'not':
      return alarmsIn(rule.rule);
    default:
      return [...new Set([...alarmsIn(rule.left), ...alarmsIn(rule.right)])];
  }
};

/** Names of the alarms that a rule hangs on in the end: those that it asks for, and in a composite's place those of its rule. */
export const leavesOf = (rule: Rule, ruleOf: (name: string) => Rule | undefined): readonly string[] => [
  ...new Set(
    alarmsIn(rule).flatMap((name) => {
      const below = ruleOf(name);
      return below === undefined ? [name] : leavesOf(below, ruleOf);
    }),
  ),
];

/** Whether the composite is in ALARM. */
export const holds = (rule: Rule, stateOf: (alarm: string) => AlarmState | undefined): boolean => {
  switch (rule.kind) {
    case 'constant':
      return rule.value;
    case 'state':
      return stateOf(rule.alarm) === rule.state;
    case 'not':
      return !holds(rule.rule, stateOf);
    case 'and':
      return holds(rule.left, stateOf) && holds(rule.right, stateOf);
    case 'or':
      return holds(rule.left, stateOf) || holds(rule.right, stateOf);
  }
};

/** Composites so that each comes after those it asks for. @throws {RuleError} on a cycle */
export const childrenFirst = <T extends { readonly name: string; readonly rule: Rule }>(composites: readonly T[]): readonly T[] => {
  const byName = new Map(composites.map((each) => [each.name, each]));
  const ordered = new Set<T>();
  const visit = (composite: T, path: readonly string[]): void => {
    if (path.includes(composite.name)) throw new RuleError(`given a cycle of composite alarms: ${[...path, composite.name].join(' -> ')}`);
    if (ordered.has(composite)) return;
    for (const child of alarmsIn(composite.rule)) {
      const next = byName.get(child);
      if (next) visit(next, [...path, composite.name]);
    }
    ordered.add(composite);
  };
  for (const each of composites) visit(each, []);
  return [...ordered];
};
