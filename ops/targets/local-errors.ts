/** Errors of the stand-ins that tell the user what to do. */
import { PointInTimeError } from '../../local/backup/point-in-time.ts';
import { ControlError } from '../../local/control/client.ts';
import { CdkError } from '../../local/deployment/cdk.ts';
import { LoopbackError } from '../../local/loopback.ts';
import { AlreadyRunningError } from '../../local/process/register.ts';
import { DnsPortError } from '../../local/route53/server.ts';
import { StateFolderError } from '../../local/state-folder.ts';
import { messageOf, UserError } from '../errors.ts';

const TOLD = [AlreadyRunningError, CdkError, ControlError, DnsPortError, LoopbackError, PointInTimeError, StateFolderError];

/** These are written for people, some on several lines. */
const linesOf = (error: unknown): readonly string[] => (error instanceof Error ? error.message.split('\n') : [messageOf(error)]);

/** @throws {UserError} in their place */
export const told = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (TOLD.some((each) => error instanceof each)) throw new UserError(linesOf(error), { cause: error });
    throw error;
  }
};
