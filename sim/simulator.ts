/** What runs a simulation from outside of this room. */
export { EXHAUSTIVE_WORLDS, explore } from './exhaustive.ts';
export { changesByMutation } from './probe.ts';
export { shrink } from './shrink.ts';
export { runSchedule, type Sums, simulate } from './simulate.ts';
