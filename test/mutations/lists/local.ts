/** What stands in for AWS on a laptop. */
import type { TestedMutation } from '../mutation.ts';
import { CLOUDWATCH } from './local-cloudwatch.ts';
import { EDGE } from './local-edge.ts';
import { REPLICATION } from './local-replication.ts';
import { STREAMS } from './local-streams.ts';

export const LOCAL: readonly TestedMutation[] = [...REPLICATION, ...STREAMS, ...CLOUDWATCH, ...EDGE];
