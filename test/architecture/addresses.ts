/** Loopback addresses that only some machines have: macOS answers on 127.0.0.1 alone. */
import { lineOf, parse, walk } from './imports.ts';

/** Where the addresses of regions are made, and where on this machine each of them is. */
const TABLE = /^local\/network\.ts$/;
/** Also as a regular expression has it, and as the beginning of a template. */
const OTHER_LOOPBACK = /(^|[^\d.])127\\?\.(?!0\\?\.0\\?\.1($|[^\d]))/;

/** Texts, templates and patterns; comments may speak of addresses. */
const textOf = (node: Readonly<Record<string, unknown>>): string => {
  if (node['type'] === 'Literal') return String(node['raw']);
  if (node['type'] !== 'TemplateElement') return '';
  const { value } = node;
  return typeof value === 'object' && value !== null && 'raw' in value ? String(value.raw) : '';
};

/** Addresses of loopback besides 127.0.0.1 that are written down outside of the table. */
export const addressProblems = (path: string, text: string): readonly string[] =>
  TABLE.test(path)
    ? []
    : [...walk(parse(text))].flatMap(({ node }) =>
        OTHER_LOOPBACK.test(textOf(node))
          ? [`${path}:${lineOf(text, node)}: ${textOf(node).slice(0, 80)} is not on every machine: ask local/network.ts where it is`]
          : [],
      );
