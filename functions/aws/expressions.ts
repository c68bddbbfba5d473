/** DynamoDB's expression language from guards and updates: named strings built from parts. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Guard, Value, Write } from '../core/store.ts';
import { type Attributes, marshal } from './marshal.ts';

type Update = Extract<Write, { readonly action: 'update' }>;

/** Collects names and values, so that no attribute name meets a reserved word and no value is spliced into text. */
export class Expression {
  readonly #names = new Map<string, string>();
  readonly #values: Attributes = {};
  #valueCount = 0;

  /** The condition that all guards hold; undefined without guards. `key` is an attribute that every item has. */
  condition(guards: readonly Guard[] | undefined, key: string): string | undefined {
    if (!guards || guards.length === 0) return undefined;
    return guards.map((guard) => this.#guard(guard, key)).join(' AND ');
  }

  /** Sets, adds, and the schema version of an item that the update creates. */
  update(write: Update): string {
    const version = write.set && 'v' in write.set ? {} : { v: 1 };
    const sets = [
      ...Object.entries(write.set ?? {}).map(([name, value]) => `${this.name(name)} = ${this.value(value)}`),
      ...Object.entries(version).map(([name, value]) => `${this.name(name)} = if_not_exists(${this.name(name)}, ${this.value(value)})`),
    ];
    const adds = Object.entries(write.add ?? {}).map(([name, amount]) => `${this.name(name)} ${this.value(amount)}`);
    return [...(sets.length > 0 ? [`SET ${sets.join(', ')}`] : []), ...(adds.length > 0 ? [`ADD ${adds.join(', ')}`] : [])].join(' ');
  }

  name(attribute: string): string {
    const known = this.#names.get(attribute);
    if (known !== undefined) return known;
    const placeholder = `#n${this.#names.size}`;
    this.#names.set(attribute, placeholder);
    return placeholder;
  }

  value(value: Value): string {
    const placeholder = `:v${this.#valueCount}`;
    this.#valueCount += 1;
    this.#values[placeholder] = marshal(value);
    return placeholder;
  }

  /** DynamoDB refuses empty maps. */
  get attributes(): {
    readonly ExpressionAttributeNames?: Record<string, string>;
    readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
  } {
    const names = Object.fromEntries([...this.#names].map(([attribute, placeholder]) => [placeholder, attribute]));
    return {
      ...(this.#names.size > 0 ? { ExpressionAttributeNames: names } : {}),
      ...(this.#valueCount > 0 ? { ExpressionAttributeValues: this.#values } : {}),
    };
  }

  #guard(guard: Guard, key: string): string {
    switch (guard.is) {
      case 'absent':
        return `attribute_not_exists(${this.name(key)})`;
      case 'present':
        return `attribute_exists(${this.name(key)})`;
      case 'missing':
        return `attribute_not_exists(${this.name(guard.attribute)})`;
      case 'equals':
        return `${this.name(guard.attribute)} = ${this.value(guard.value)}`;
      case 'atLeast':
        return `${this.name(guard.attribute)} >= ${this.value(guard.value)}`;
    }
  }
}
