/** How front doors are asked by operators' commands: without credentials, each question bounded in time and bytes. */
import { Agent, request } from 'undici';
import type { TargetRegion } from './targets/target.ts';

const CONNECT_TIMEOUT_MS = 3_000;
const ANSWER_TIMEOUT_MS = 8_000;
const BODY_BYTES_MAX = 262_144;

/** An answer, whatever it is. @throws {Error} when there is none */
export type Ask = (door: TargetRegion, path: string) => Promise<{ readonly status: number; readonly text: string }>;

/** Lets `work` ask, and ends its connections. */
export const askingFrontDoors = async <T>(work: (ask: Ask) => Promise<T>): Promise<T> => {
  const agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    maxResponseSize: BODY_BYTES_MAX,
  });
  try {
    return await work(async ({ url, host }, path) => {
      const { statusCode, body } = await request(`${url}${path}`, {
        dispatcher: agent,
        headers: { host },
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      return { status: statusCode, text: await body.text() };
    });
  } finally {
    await agent.destroy();
  }
};

/** Undefined where it is no JSON. */
export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
