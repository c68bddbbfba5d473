/** Finds and reads the configuration. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Config, ConfigError, loadConfig } from '../infra/config.ts';
import { messageOf, UserError } from './errors.ts';
import { ROOT } from './folders.ts';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** `context.tandem` of the checkout's cdk.json: an object, or the name of a file relative to the checkout. */
const contextOfCheckout = (): unknown => {
  const path = join(ROOT, 'cdk.json');
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const context = isRecord(content) && isRecord(content['context']) ? content['context']['tandem'] : undefined;
    return typeof context === 'string' ? resolve(ROOT, context) : context;
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${messageOf(error)}`);
  }
};

/**
 * The configuration in `file`, or the one of cdk.json.
 *
 * @throws {UserError} with every problem of it
 */
export const readConfig = (file?: string): Config => {
  try {
    return loadConfig(file === undefined ? contextOfCheckout() : resolve(file));
  } catch (error) {
    if (error instanceof ConfigError) throw new UserError(error.message.split('\n'));
    throw error;
  }
};
