/** What a region runs, as AWS would get it. */
import { STACKS } from '../../functions/contract/names.ts';
import { readTemplate, type Stack } from './assembly.ts';
import { type TableSettings, tableSettings } from './tables.ts';

export interface Release {
  /** Of the cell. */
  readonly stack: Stack;
  readonly tables: readonly TableSettings[];
}

/** A region's part of an assembly. @throws when the assembly lacks it */
export const readRelease = (folder: string, region: string): Release => ({
  stack: { name: STACKS.cell(region), region, template: readTemplate(folder, STACKS.cell(region)) },
  tables: tableSettings(readTemplate(folder, STACKS.data), region),
});
