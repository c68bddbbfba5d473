/** What can be wrong with the version that `bad-deploy` delivers, and whether a canary's journey can see it. */
export const DELIVERY_FAULTS = {
  errors: { means: 'fails every third write', seen: true },
  slow: { means: 'takes its time for every request', seen: true },
  'wrong-answers': { means: 'shows other orders than were placed', seen: true },
  'crash-on-start': { means: 'ends before it can answer anything', seen: true },
  leak: { means: 'keeps memory of every request until it is ended', seen: true },
  rare: { means: 'fails for orders with a note, which no journey places', seen: false },
} as const;

export type DeliveryFault = keyof typeof DELIVERY_FAULTS;
const isFault = (name: string): name is DeliveryFault => name in DELIVERY_FAULTS;
export const DELIVERY_FAULT_NAMES: readonly DeliveryFault[] = Object.keys(DELIVERY_FAULTS).filter(isFault);
