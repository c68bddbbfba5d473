/** What stands in for AWS in the system that runs on this machine: its start knows, and others ask for it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { asText } from '../print.ts';
import { table } from '../table.ts';

const FILE = 'stand-ins.json';
const standIns = z.array(z.object({ type: z.string(), count: z.int(), suppliedBy: z.string() }));
export type StandIns = z.infer<typeof standIns>;

export const keepStandIns = (folder: string, found: readonly StandIns[number][]): void =>
  writeFileSync(join(folder, FILE), JSON.stringify(found), { mode: 0o600 });

/** Empty when nobody has written any down. */
export const readStandIns = (folder: string): StandIns => {
  try {
    return standIns.parse(JSON.parse(readFileSync(join(folder, FILE), 'utf8')));
  } catch {
    return [];
  }
};

export const standInsText = (found: StandIns): string =>
  asText([
    'The emulators lack what follows; docs/local-differences.md says what that leaves unproved.',
    ...table([['type', 'count', 'supplied by'], ...found.map(({ type, count, suppliedBy }) => [type, String(count), suppliedBy])]),
  ]);
