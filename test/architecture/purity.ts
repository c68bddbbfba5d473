/** What the pure rooms may not touch, and what no room may write. */
import { isNode, lineOf, type Node, parse, walk } from './imports.ts';

/** Rooms whose results must depend on their arguments alone, so that the simulator can run them. */
const PURE_ROOMS = /^(functions\/(core|canary)|sim)\//;

/** Names that bring time, chance, the machine or the network. */
const IMPURE_NAMES = new Set([
  ...['process', 'performance', 'crypto', 'fetch', 'WebSocket', 'XMLHttpRequest', 'console', 'globalThis', 'require'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
]);
const IMPURE_MEMBERS = new Set(['Date.now', 'Math.random']);
/** Exports of `node:crypto` that draw chance. */
const CHANCE = new Set([
  'randomUUID',
  'randomBytes',
  'randomInt',
  'randomFill',
  'randomFillSync',
  'getRandomValues',
  'webcrypto',
  'generateKey',
  'generateKeyPair',
  'generateKeyPairSync',
]);

const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : undefined;

/** True where an identifier is read as a variable, not written as the name of a property. */
const isReference = (node: Node, parent: Node | undefined): boolean => {
  if (parent === undefined) return false;
  if (parent.type === 'MemberExpression') return parent['object'] === node || parent['computed'] === true;
  if (parent.type === 'Property') return parent['value'] === node;
  return !/^(MethodDefinition|PropertyDefinition|TS|Import|Export|LabeledStatement)/.test(parent.type);
};

const impurity = (node: Node, parent: Node | undefined): string | undefined => {
  const name = nameOf(node);
  if (name !== undefined && IMPURE_NAMES.has(name) && isReference(node, parent)) return name;
  if (node.type === 'MemberExpression') {
    const [object, property] = [
      nameOf(node['object']),
      nameOf(node['property']) ?? (isNode(node['property']) ? node['property']['value'] : undefined),
    ];
    if (IMPURE_MEMBERS.has(`${object}.${String(property)}`)) return `${object}.${String(property)}`;
  }
  if (
    node.type === 'NewExpression' &&
    nameOf(node['callee']) === 'Date' &&
    Array.isArray(node['arguments']) &&
    node['arguments'].length === 0
  )
    return 'new Date()';
  if (node.type === 'CallExpression' && nameOf(node['callee']) === 'Date') return 'Date()';
  const chance = nameOf(
    node.type === 'ImportSpecifier' ? node['imported'] : node.type === 'MemberExpression' ? node['property'] : undefined,
  );
  return chance !== undefined && CHANCE.has(chance) ? chance : undefined;
};

/** Uses of time, chance, environment or network in a pure room, one line each. */
export const purityProblems = (path: string, text: string): readonly string[] =>
  !PURE_ROOMS.test(path)
    ? []
    : [...walk(parse(text))].flatMap(({ node, parent }) => {
        const found = impurity(node, parent);
        return found === undefined ? [] : [`${path}:${lineOf(text, node)}: ${found}: this room gets time, chance and input as arguments`];
      });

const cast = (node: Node): string | undefined => {
  if (node.type === 'TSAnyKeyword') return 'any';
  if (node.type === 'TSNonNullExpression' || (node['definite'] === true && node.type === 'VariableDeclarator')) return 'non-null !';
  if (node.type === 'TSTypeAssertion') return 'a cast';
  if (node.type !== 'TSAsExpression') return undefined;
  const type = node['typeAnnotation'];
  return isNode(type) && type.type === 'TSTypeReference' && nameOf(type['typeName']) === 'const' ? undefined : 'as';
};

/** Places where the compiler is told instead of asked, one line each. */
export const castProblems = (path: string, text: string): readonly string[] =>
  [...walk(parse(text))].flatMap(({ node }) => {
    const found = cast(node);
    return found === undefined ? [] : [`${path}:${lineOf(text, node)}: ${found}: let the types say it, or check it at run time`];
  });

const HOME = /(^|[^A-Za-z0-9_.-])\/(home|Users|root|work)\/[A-Za-z0-9._-]+/;
const REGISTRY = /(registry\.(npmjs|yarnpkg)\.|files\.pythonhosted|pypi\.(org|python)|artifactory|nexus3?\.)/i;

/** Text that holds on one machine only, or names a package registry. Works on any text file. */
export const placeProblems = (path: string, text: string): readonly string[] =>
  text.split('\n').flatMap((line, index) => {
    const found = HOME.exec(line) ? 'a path of one machine' : REGISTRY.exec(line) ? 'a registry' : undefined;
    return found === undefined ? [] : [`${path}:${index + 1}: ${found}: ${line.trim().slice(0, 120)}`];
  });
