/** What a source file imports, told from its syntax tree: static, type-only, dynamic and `require`d imports, and re-exports. */
import { posix } from 'node:path';
import { parseAst } from 'vitest/node';

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path from the root of the repository for relative imports, else the specifier. `undefined`: computed, cannot be told. */
  readonly target: string | undefined;
  readonly relative: boolean;
  readonly typeOnly: boolean;
  readonly line: number;
}

/** A node of the syntax tree, looked at without trusting its shape. */
export type Node = Readonly<Record<string, unknown>> & { readonly type: string };

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** Every node below `root`, parents first, each with its parent. */
export function* walk(root: Node, parent?: Node): Generator<{ readonly node: Node; readonly parent: Node | undefined }> {
  yield { node: root, parent };
  for (const value of Object.values(root)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* walk(child, root);
  }
}

/** @throws {SyntaxError} when the text is no TypeScript */
export const parse = (text: string): Node => {
  const tree: unknown = parseAst(text, { lang: 'ts' });
  if (!isNode(tree)) throw new TypeError('the parser returned no syntax tree');
  return tree;
};

export const lineOf = (text: string, node: Node): number =>
  text.slice(0, typeof node['start'] === 'number' ? node['start'] : 0).split('\n').length;

const literal = (node: unknown): string | undefined => {
  if (!isNode(node)) return undefined;
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type === 'TSLiteralType') return literal(node['literal']);
  return undefined;
};

/** True when nothing of the import is left at run time. */
const isTypeOnly = (node: Node): boolean => {
  if (node['importKind'] === 'type' || node['exportKind'] === 'type' || node.type === 'TSImportType') return true;
  const specifiers = Array.isArray(node['specifiers']) ? node['specifiers'].filter(isNode) : [];
  return specifiers.length > 0 && specifiers.every((each) => each['importKind'] === 'type' || each['exportKind'] === 'type');
};

/** The node that names the imported module; `undefined` when this is no import. */
const sourceOf = (node: Node): unknown => {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return node['source'];
    case 'ExportNamedDeclaration':
      return node['source'] ?? undefined;
    case 'TSExternalModuleReference':
      return node['expression'];
    case 'CallExpression': {
      const { callee, arguments: args } = node;
      const isRequire = isNode(callee) && callee.type === 'Identifier' && callee['name'] === 'require';
      return isRequire && Array.isArray(args) ? args[0] : undefined;
    }
    default:
      return undefined;
  }
};

export const importsOf = (path: string, text: string): readonly Import[] =>
  [...walk(parse(text))].flatMap(({ node }) => {
    const source = sourceOf(node);
    if (source === undefined) return [];
    const specifier = literal(source);
    const relative = specifier?.startsWith('.') === true;
    const target = relative ? posix.join(posix.dirname(path), specifier) : specifier;
    return [{ specifier: specifier ?? '(computed)', target, relative, typeOnly: isTypeOnly(node), line: lineOf(text, node) }];
  });
