/** All deliberate defects, by the room whose code they edit. */
import { CANARY } from './lists/canary.ts';
import { CLIENT } from './lists/client.ts';
import { CORE } from './lists/core.ts';
import { FUNCTIONS } from './lists/functions.ts';
import { INFRA } from './lists/infra.ts';
import { LOCAL } from './lists/local.ts';
import { OPS } from './lists/ops.ts';
import type { TestedMutation } from './mutation.ts';

export const MUTATED_ROOMS = {
  ops: OPS,
  functions: FUNCTIONS,
  canary: CANARY,
  core: CORE,
  client: CLIENT,
  infra: INFRA,
  local: LOCAL,
} satisfies Record<string, readonly TestedMutation[]>;
export type MutatedRoom = keyof typeof MUTATED_ROOMS;
