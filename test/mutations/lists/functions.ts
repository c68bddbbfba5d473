/** The API between HTTP and the rules, and the adapters to AWS. */
import type { TestedMutation } from '../mutation.ts';
import { FUNCTIONS_AWS } from './functions-aws.ts';
import { FUNCTIONS_HTTP } from './functions-http.ts';
import { FUNCTIONS_SERVICES } from './functions-services.ts';

export const FUNCTIONS: readonly TestedMutation[] = [...FUNCTIONS_HTTP, ...FUNCTIONS_AWS, ...FUNCTIONS_SERVICES];
