/** What can be wrong with the version that `bad-deploy` delivers, and whether a canary's journey can see it. */
export const DELIVERY_FAULTS = {
  errors: { means: 'answers 500', seen: true },
  slow: { means: 'answers late', seen: true },
  'wrong-answers': { means: 'answers something else than was asked for', seen: true },
  'crash-on-start': { means: 'ends before it can answer', seen: true },
  leak: { means: 'shows one caller what is another\u2019s', seen: true },
  rare: { means: 'fails for orders with a note, which no journey places', seen: false },
} as const;

export type DeliveryFault = keyof typeof DELIVERY_FAULTS;
const isFault = (name: string): name is DeliveryFault => name in DELIVERY_FAULTS;
export const DELIVERY_FAULT_NAMES: readonly DeliveryFault[] = Object.keys(DELIVERY_FAULTS).filter(isFault);
