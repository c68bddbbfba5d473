/** What the templates say. */
import type { TestedMutation } from '../mutation.ts';
import { ALARMED } from './infra-alarms.ts';
import { PERMITTED } from './infra-permissions.ts';
import { PROMISED } from './infra-promises.ts';

export const INFRA: readonly TestedMutation[] = [...PERMITTED, ...ALARMED, ...PROMISED];
