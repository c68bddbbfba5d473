/**
 * The front door of a region that is given up. One that was cut off before it heard of its fence goes on acknowledging, and no
 * other region ever holds that; so it is asked before anything is fenced.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { regions } from '../../functions/contract/answers.ts';
import { messageOf, UserError } from '../errors.ts';
import { type Ask, askingFrontDoors, jsonOf } from '../front-doors.ts';
import type { TargetRegion } from '../targets/target.ts';

/** Questions: one failure does not show that all requests fail. Milliseconds between two. */
const ASKED = 3;
const ASK_EVERY_MS = 1_000;
const ASK_EVERY_MS_HERE = 50;

/** `silent`: no answer from here, which says nothing of what others get. */
export interface DoorState {
  readonly state: 'open' | 'closed' | 'silent';
  readonly detail: string;
}

/** Whether callers can have writes acknowledged there. Never throws for the region. */
export const askDoor = async (door: TargetRegion, pause: (ms: number) => Promise<void>, askEveryMs = ASK_EVERY_MS): Promise<DoorState> => {
  return askingFrontDoors(async (ask) => {
    let said = await askOnce(ask, door);
    for (let asked = 1; asked < ASKED && said.state === 'closed'; asked += 1) {
      await pause(askEveryMs);
      said = await askOnce(ask, door);
    }
    return said;
  });
};

/** On this machine, where what is called lost was killed, and silence is proof. @throws {UserError} when it serves */
export const refuseServing = async (door: TargetRegion | undefined): Promise<void> => {
  if (door === undefined) return;
  const { state, detail } = await askDoor(door, (ms) => sleep(ms), ASK_EVERY_MS_HERE);
  if (state === 'open') throw new UserError(`${door.name} serves: ${detail}; end what answers there, then run this again`);
};

const askOnce = async (ask: Ask, door: TargetRegion): Promise<DoorState> => {
  try {
    const { status, text } = await ask(door, '/regions');
    return readDoor(door.name, status, text);
  } catch (error) {
    return { state: 'silent', detail: `${door.url}: ${messageOf(error)}` };
  }
};

/** What an answer to `/regions` says of the region that gave it. */
const readDoor = (name: string, status: number, text: string): DoorState => {
  const own = regions.safeParse(jsonOf(text)).data?.regions.find((each) => each.region === name);
  if (status === 200 && own) {
    if (own.evacuate) return { state: 'closed', detail: 'it says that it is evacuated' };
    if (own.writable === false) return { state: 'closed', detail: 'it says that it may not write' };
    return { state: 'open', detail: 'it answers, and says that it may write' };
  }
  // Its functions are not run, or fail: of whatever else says no (a proxy, a firewall), others may not hear.
  if (status >= 500) return { state: 'closed', detail: `its front door answers ${status}` };
  return { state: 'silent', detail: `something that is not this API answers ${status}` };
};
