/** How rules that did not hold already before a drill are told: counted and named, and no fault of the drill. Pure. */
import type { Telling } from './telling.ts';
import { plural } from './words.ts';

interface Rule {
  readonly rule: string;
  readonly detail: string;
}

const SHOWN_MAX = 10;

export const beforeText = (rules: readonly Rule[]): string => (rules.length === 0 ? 'none' : String(rules.length));

/** Beside the verdict, which does not count them. */
export const beforeBrief = (rules: readonly Rule[]): Telling['brief'] =>
  rules.slice(0, SHOWN_MAX).map(({ rule, detail }) => ['BROKEN BEFORE', `${rule}: ${detail}`] as const);

export const beforeStory = (rules: readonly Rule[]): readonly string[] =>
  rules.length === 0
    ? []
    : [
        `${plural(rules.length, 'rule')} did not hold before the drill began and ${rules.length === 1 ? 'is' : 'are'} left out of the verdict: somebody must look at that.`,
      ];

export const beforeTable = (rules: readonly Rule[]): Telling['tables'] =>
  rules.length === 0
    ? []
    : [
        {
          title: 'Rules that did not hold before the drill',
          head: ['Rule', 'Where'],
          rows: rules.map(({ rule, detail }) => [rule, detail]),
        },
      ];
