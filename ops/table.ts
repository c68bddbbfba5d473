import { columnsOf } from './print.ts';
import { visible } from './visible.ts';

/** Between columns. */
const GAP = '  ';

/**
 * Columns of text, each as wide as its widest cell. The first row is the heading. Columns that do not fit beside the others
 * stand below them, one a line.
 */
export const table = (rows: readonly (readonly string[])[], widthMax: number = columnsOf()): readonly string[] => {
  const cells = rows.map((row) => row.map(visible));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const beside = fitting(widths, widthMax);
  const [head = []] = cells;
  return cells.flatMap((row, index) => [
    row
      .slice(0, beside)
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
    ...(index === 0 ? [] : row.slice(beside).map((cell, column) => `    ${head[beside + column]}: ${cell}`)),
  ]);
};

/** Columns from the left that fit, but for the first, which always stands there. */
const fitting = (widths: readonly number[], widthMax: number): number => {
  let width = 0;
  const over = widths.findIndex((each, column) => {
    width += each + (column === 0 ? 0 : GAP.length);
    return column > 0 && width > widthMax;
  });
  return over === -1 ? widths.length : over;
};
