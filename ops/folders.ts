/** Where things are, whatever folder a command was called from. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Of commands and of all that they start: what they write is their user's alone. */
export const PRIVATE_UMASK = 0o077;

/** What commands write: never committed. */
export const STATE = join(ROOT, '.tandem');
/** Of the system on this machine. */
export const LOCAL_FOLDER = join(STATE, 'local');
export const KEYS_FOLDER = join(STATE, 'keys');
export const REPORTS_FOLDER = join(STATE, 'reports');
