/**
 * What reaches this machine's own processes is said by the code, never by the shell of whoever runs it: SDK clients of
 * emulators come from one place, HTTP goes through no proxy, and each child process has an environment that is written out.
 */
import { isNode, lineOf, type Node, parse, walk } from './imports.ts';

const GOVERNED = /^(local|ops|bench|test)\//;
/** Made for the loopback alone. What stands for a function takes its settings from its environment, as a function does. */
const LOCAL = /^(local|test\/(local|ops|support))\/|^bench\/(?!bare\.handler|durability-child)|^ops\/targets\/local[^/]*\.ts$/;
/** The places themselves. */
const CLIENT_PLACE = 'local/emulator-access.ts';
const REQUEST_PLACE = 'local/loopback-request.ts';
const OPTIONS = new Set(['clientOptions', 'clientSettings', 'sdkOf']);
const CLIENT_MAKERS = new Set(['dynamoClient', 'scanClient']);
const GLOBAL_DISPATCHERS = new Set(['getGlobalDispatcher', 'setGlobalDispatcher', 'EnvHttpProxyAgent', 'ProxyAgent']);
const CHILD_MAKERS = new Set(['spawn', 'spawnSync', 'execFile', 'execFileSync', 'exec', 'execSync', 'fork']);

const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : undefined;
const nodesIn = (node: Node, key: string): readonly Node[] => {
  const value = node[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
};
const keyOf = (property: Node): unknown => nameOf(property['key']) ?? (isNode(property['key']) ? property['key']['value'] : undefined);
const hasOption = (call: Node, option: string): boolean =>
  nodesIn(call, 'arguments').some(
    (each) => each.type === 'ObjectExpression' && nodesIn(each, 'properties').some((property) => keyOf(property) === option),
  );
const isLiteral = (node: unknown): boolean => isNode(node) && node.type === 'Literal';
const holdsKey = (value: Node): boolean =>
  value.type === 'ObjectExpression' &&
  nodesIn(value, 'properties').some((property) => keyOf(property) === 'secretAccessKey' && !isLiteral(property['value']));
/** The options stand in an object that has a name. */
const isNamed = (call: Node): boolean => nameOf(nodesIn(call, 'arguments').at(-1)) !== undefined;

/** Local names of what a file imports, each with its module and its name there. */
const importsIn = (nodes: readonly Node[]): ReadonlyMap<string, readonly [module: string, name: string]> =>
  new Map(
    nodes.flatMap((node) => {
      const module = isNode(node['source']) ? node['source']['value'] : undefined;
      if (node.type !== 'ImportDeclaration' || typeof module !== 'string') return [];
      return nodesIn(node, 'specifiers').flatMap((each) => {
        const local = nameOf(each['local']);
        return local === undefined ? [] : [[local, [module, nameOf(each['imported']) ?? '*'] as const] as const];
      });
    }),
  );

const isOptions = (node: unknown): boolean => isNode(node) && node.type === 'CallExpression' && OPTIONS.has(nameOf(node['callee']) ?? '');

/** Names in a file that stand for what the one place made. */
const optionsIn = (nodes: readonly Node[]): ReadonlySet<string | undefined> =>
  new Set(nodes.flatMap((node) => (node.type === 'VariableDeclarator' && isOptions(node['init']) ? [nameOf(node['id'])] : [])));

interface Known {
  readonly imports: ReturnType<typeof importsIn>;
  readonly options: ReturnType<typeof optionsIn>;
}

const clientProblem = (path: string, node: Node, { imports, options }: Known): string | undefined => {
  if (path === CLIENT_PLACE) return undefined;
  const isKey = node.type === 'Property' && keyOf(node) === 'secretAccessKey' && isLiteral(node['value']);
  const isCredentials = node.type === 'Property' && keyOf(node) === 'credentials' && isNode(node['value']) && holdsKey(node['value']);
  if (!path.startsWith('test/') && (isKey || isCredentials)) return `a key of its own: take clientOptions of ${CLIENT_PLACE}`;
  const callee = nameOf(node['callee']) ?? '';
  const isClient = node.type === 'NewExpression' && callee.endsWith('Client') && imports.get(callee)?.[0].startsWith('@aws-sdk/') === true;
  const [argument] = nodesIn(node, 'arguments');
  const isMade = node.type === 'CallExpression' && CLIENT_MAKERS.has(callee) && imports.has(callee);
  if (!LOCAL.test(path) || !(isClient || isMade) || isOptions(argument) || options.has(nameOf(argument) ?? '')) return undefined;
  return `${callee} takes settings from the environment: give it clientOptions of ${CLIENT_PLACE}`;
};

const requestProblem = (path: string, node: Node, { imports }: Known): string | undefined => {
  if (path === REQUEST_PLACE) return undefined;
  const imported = node.type === 'ImportSpecifier' ? nameOf(node['imported']) : undefined;
  if (imported !== undefined && GLOBAL_DISPATCHERS.has(imported)) return `${imported} is shared with every library: take ${REQUEST_PLACE}`;
  if (node.type === 'MemberExpression' && nameOf(node['object']) === 'globalThis' && nameOf(node['property']) === 'fetch')
    return `fetch goes through the environment's proxy: take ${REQUEST_PLACE}`;
  if (node.type !== 'CallExpression') return undefined;
  const callee = nameOf(node['callee']) ?? '';
  const [module, name] = imports.get(callee) ?? ['', ''];
  const viaDispatcher = (callee === 'fetch' && module === '') || (module === 'undici' && ['fetch', 'request', 'stream'].includes(name));
  if (viaDispatcher && !hasOption(node, 'dispatcher'))
    return `${callee} goes through the environment's proxy: take ${REQUEST_PLACE}, or name a dispatcher`;
  const viaAgent = /^(node:)?https?$/.test(module) && ['request', 'get'].includes(name);
  return viaAgent && !hasOption(node, 'agent') ? `${callee} goes through the environment's proxy: name an agent` : undefined;
};

const childProblem = (node: Node, { imports }: Known): string | undefined => {
  if (node.type !== 'CallExpression') return undefined;
  const [module, name] = imports.get(nameOf(node['callee']) ?? '') ?? ['', ''];
  return /^(node:)?child_process$/.test(module) && CHILD_MAKERS.has(name) && !hasOption(node, 'env') && !isNamed(node)
    ? `${name} inherits the user's environment: write out what it gets as \`env\``
    : undefined;
};

/** Calls that do what the user's shell says, one line each. */
export const surroundingsProblems = (path: string, text: string): readonly string[] => {
  if (!GOVERNED.test(path)) return [];
  const nodes = [...walk(parse(text))].map(({ node }) => node);
  const known = { imports: importsIn(nodes), options: optionsIn(nodes) };
  return nodes.flatMap((node) => {
    const found = [
      clientProblem(path, node, known),
      ...(path.startsWith('test/') ? [] : [requestProblem(path, node, known), childProblem(node, known)]),
    ].filter((each) => each !== undefined);
    return found.map((each) => `${path}:${lineOf(text, node)}: ${each}`);
  });
};
