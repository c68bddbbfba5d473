/** Who may import whom. The table is an allow-list: what it does not name is refused. */
import { builtinModules } from 'node:module';
import { type Import, importsOf } from './imports.ts';

interface Room {
  /** Files it governs; the first room that matches a file governs it. */
  readonly files: RegExp;
  /** Paths of this repository, from its root. */
  readonly paths: readonly RegExp[];
  /** The same, for imports of which nothing is left at run time. */
  readonly typePaths?: readonly RegExp[];
  readonly packages: readonly RegExp[];
  readonly builtins: 'all' | 'none' | readonly string[];
}

const CONTRACT = /^functions\/contract\//;
const CORE = /^functions\/core\//;
const HTTP = /^functions\/http\//;
const CANARY = /^functions\/canary\//;
/** The port of that room which adapters implement. */
const TRANSPORT = /^functions\/canary\/transport\.ts$/;
const AWS = /^functions\/aws\//;
const FAULTY = /^functions\/faulty\//;
const CONFIG = /^infra\/config\.ts$/;
/** The version is read from there. */
const PACKAGE = /^package\.json$/;
const SDK = /^@aws-sdk\//;
/** Anything but what belongs to infra alone. */
const TOOLS = /^(?!aws-cdk|constructs|cdk-nag|vitest)/;
/** Built-ins that read no clock, no chance, no file and no network. `node:crypto` is narrowed by `purity.ts`. */
const PURE = ['node:crypto', 'node:util', 'node:buffer', 'node:path/posix'];

const ROOMS: Readonly<Record<string, Room>> = {
  'functions/contract': { files: CONTRACT, paths: [CONTRACT], packages: [/^zod(\/|$)/], builtins: 'none' },
  'functions/core': { files: CORE, paths: [CORE], packages: [], builtins: PURE },
  'functions/http': { files: HTTP, paths: [HTTP, CORE, CONTRACT], packages: [/^zod(\/|$)/], builtins: 'none' },
  'functions/canary': { files: CANARY, paths: [CANARY, CORE, CONTRACT], packages: [], builtins: 'none' },
  'functions/aws': {
    files: AWS,
    paths: [AWS, CORE, CONTRACT, TRANSPORT],
    typePaths: [CANARY],
    packages: [SDK, /^aws-jwt-verify(\/|$)/, /^zod(\/|$)/],
    builtins: 'all',
  },
  handlers: { files: /^functions\/[^/]+\.handler\.ts$/, paths: [AWS, CANARY, HTTP, CORE, CONTRACT], packages: [], builtins: 'none' },
  'functions/faulty': {
    files: FAULTY,
    paths: [FAULTY, /^functions\/api\.handler\.ts$/, CONTRACT],
    typePaths: [HTTP],
    packages: [],
    builtins: 'none',
  },
  infra: {
    files: /^infra\//,
    paths: [/^infra\//, CONTRACT, PACKAGE],
    packages: [/^aws-cdk-lib(\/|$)/, /^constructs$/, /^zod(\/|$)/, /^esbuild$/, /^cdk-nag$/],
    builtins: 'all',
  },
  client: { files: /^client\//, paths: [/^client\//], typePaths: [CONTRACT], packages: [], builtins: 'none' },
  sim: { files: /^sim\//, paths: [/^sim\//, CORE], packages: [], builtins: PURE },
  local: { files: /^local\//, paths: [/^local\//, CONTRACT, CONFIG], packages: [TOOLS], builtins: 'all' },
  'ops/targets/local': {
    files: /^ops\/targets\/local(-[a-z]+)?\.ts$/,
    paths: [/^ops\//, /^local\//, CONTRACT, CORE, AWS, CONFIG, /^client\//],
    packages: [TOOLS],
    builtins: 'all',
  },
  'ops/simulation': { files: /^ops\/simulation\//, paths: [/^sim\//], packages: [/^esbuild$/], builtins: 'all' },
  ops: {
    files: /^ops\//,
    paths: [/^ops\//, CONTRACT, CORE, AWS, CONFIG, /^client\//, /^sim\//, PACKAGE],
    packages: [TOOLS],
    builtins: 'all',
  },
  bench: {
    files: /^bench\//,
    paths: [/^(bench|functions|client|local|ops)\//, /^infra\/(config|bundle)\.ts$/],
    packages: [TOOLS],
    builtins: 'all',
  },
  bin: { files: /^bin\//, paths: [/^bin\//], packages: [], builtins: 'all' },
  root: { files: /^[^/]+\.ts$/, paths: [/^test\/(environment|reporter|tools)\.ts$/], packages: [/^vitest\/config$/], builtins: 'all' },
  test: { files: /^test\//, paths: [/./], packages: [/./], builtins: 'all' },
};

/** Rooms that load what they have built or been given, by its path. */
const COMPUTED = new Set(['bench', 'test', 'ops/simulation']);

const BUILTINS = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/** What a file may not import, one line each. */
export const importProblems = (path: string, text: string): readonly string[] => {
  const room = Object.entries(ROOMS).find(([, each]) => each.files.test(path));
  if (room === undefined) return [`${path}: belongs to no room; allowed: ${Object.keys(ROOMS).join(', ')}`];
  const [name, rules] = room;
  return importsOf(path, text).flatMap((each) => {
    const reason = refusal(rules, each);
    return reason === undefined || (each.target === undefined && COMPUTED.has(name))
      ? []
      : [`${path}:${each.line}: ${name} may not import ${each.specifier}: ${reason}`];
  });
};

const refusal = (room: Room, { target, relative, typeOnly }: Import): string | undefined => {
  if (target === undefined) return 'the name is computed, so nobody can tell what it is';
  const matches = (patterns: readonly RegExp[]) => patterns.some((each) => each.test(target));
  if (relative) {
    if (matches(room.paths) || (typeOnly && room.typePaths !== undefined && matches(room.typePaths))) return undefined;
    return room.typePaths !== undefined && matches(room.typePaths)
      ? `${target} may be imported for its types only`
      : `${target} is another room's`;
  }
  if (BUILTINS.has(target)) {
    if (room.builtins === 'all' || (room.builtins !== 'none' && room.builtins.includes(target))) return undefined;
    return 'this built-in is not on its list';
  }
  return matches(room.packages) && !/^(#|\/|file:)/.test(target) ? undefined : 'this package is not on its list';
};
