/**
 * Who opens a port says who gets in, and whoever is called for an event answers for its own failure: servers are made in few
 * places, and no async function is a listener, because nobody waits for what it returns, and its failure ends the process.
 */
import { isNode, lineOf, type Node, parse, walk } from './imports.ts';

const GOVERNED = /^(local|ops|bench)\//;
/** Modules that open ports, and the files that may: front doors and DNS let callers in, the others are open for a moment to find a free port. */
const SERVERS: Readonly<Record<string, readonly string[]>> = {
  'node:http': ['local/guarded-server.ts', 'local/edge/front-door.ts'],
  'node:https': [],
  'node:http2': [],
  'node:tls': ['local/edge/entrances.ts'],
  'node:net': ['local/edge/entrances.ts', 'local/route53/server.ts', 'local/loopback.ts', 'local/network.ts', 'bench/durability.ts'],
};
const ADVICE = 'take startGuardedServer of local/guarded-server.ts, which keeps strangers out';
const MAKERS = new Set(['createServer', 'createSecureServer', 'Server']);
const TAKERS = new Set([
  'createServer',
  'createSecureServer',
  'on',
  'once',
  'addListener',
  'prependListener',
  'prependOnceListener',
  'addEventListener',
]);

const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : undefined;
const isAsyncFunction = (node: unknown): boolean => isNode(node) && /Function/.test(node.type) && node['async'] === true;
const nodesIn = (node: Node, key: string): readonly Node[] => {
  const value = node[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
};

/** Names of async functions that the file declares. */
const asyncNames = (nodes: readonly Node[]): ReadonlySet<string | undefined> =>
  new Set(
    nodes.flatMap((node) => {
      if (node.type === 'FunctionDeclaration' && node['async'] === true) return [nameOf(node['id'])];
      return node.type === 'VariableDeclarator' && isAsyncFunction(node['init']) ? [nameOf(node['id'])] : [];
    }),
  );

const calledName = (node: Node): string | undefined => {
  const { callee } = node;
  return isNode(callee) && callee.type === 'MemberExpression' ? nameOf(callee['property']) : nameOf(callee);
};

const listenerProblem = (node: Node, named: ReadonlySet<string | undefined>): string | undefined => {
  const called = node.type === 'CallExpression' ? calledName(node) : undefined;
  if (called === undefined || !TAKERS.has(called)) return undefined;
  const isAsync = nodesIn(node, 'arguments').some(
    (each) => isAsyncFunction(each) || (nameOf(each) !== undefined && named.has(nameOf(each))),
  );
  return isAsync ? `${called} is given an async function, whose failure nobody hears: call it in one that is not, and catch` : undefined;
};

const serverProblem = (path: string, node: Node): string | undefined => {
  const module = node.type === 'ImportDeclaration' && isNode(node['source']) ? node['source']['value'] : undefined;
  if (typeof module !== 'string' || node['importKind'] === 'type') return undefined;
  const allowed = SERVERS[module];
  if (allowed === undefined || allowed.includes(path)) return undefined;
  const makes = nodesIn(node, 'specifiers').some((each) => each['importKind'] !== 'type' && MAKERS.has(nameOf(each['imported']) ?? ''));
  return makes ? `a server of ${module}: ${ADVICE}` : undefined;
};

/** Of a module that was imported whole. */
const madeProblem = (path: string, node: Node): string | undefined =>
  node.type === 'MemberExpression' && MAKERS.has(nameOf(node['property']) ?? '') && !Object.values(SERVERS).flat().includes(path)
    ? `${nameOf(node['property'])}: ${ADVICE}`
    : undefined;

/** One line each. */
export const listenerProblems = (path: string, text: string): readonly string[] => {
  if (!GOVERNED.test(path)) return [];
  const nodes = [...walk(parse(text))].map(({ node }) => node);
  const named = asyncNames(nodes);
  return nodes.flatMap((node) => {
    const found = [listenerProblem(node, named), serverProblem(path, node), madeProblem(path, node)].filter((each) => each !== undefined);
    return found.map((each) => `${path}:${lineOf(text, node)}: ${each}`);
  });
};
