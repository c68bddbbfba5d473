/** What the shell of whoever runs the tests may say, and tests shall not hear. */
import { accessSync, constants } from 'node:fs';

/** Settings for AWS and for Python, and Node's own word to use the environment's proxy. Proxies stay: Go's modules may need them. */
const UNHEARD = /^(AWS_\w+|PYTHON(HOME|PATH|STARTUP)|NODE_USE_ENV_PROXY)$/;

/** Takes out of an environment what would change what tests see. */
export const quieten = (env: NodeJS.ProcessEnv): void => {
  for (const name of Object.keys(env)) if (UNHEARD.test(name)) delete env[name];
  if (env['TMPDIR'] !== undefined && !canWrite(env['TMPDIR'])) delete env['TMPDIR'];
};

const canWrite = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
