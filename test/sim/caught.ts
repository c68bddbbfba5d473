/**
 * Schedules in which defects were caught that take a long search, by the name of the mutation: tried first. Rules that move
 * move them too; then the whole search is made, and says where the defect is caught now.
 */
export const CAUGHT_IN: ReadonlyMap<string, number> = new Map([
  ['booking-does-not-stand-in', 11_301],
  ['carried-by-the-event-alone', 472],
  ['clamped', 4563],
  ['credit-lost-and-left', 1352],
  ['grants-forgotten-without-a-row', 1244],
  ['no-head-without-its-parents', 2348],
  ['own-acceptance-not-reconciled', 464],
  ['payment-hashed-by-content', 391],
  ['rebuilt-without-what-was-reclaimed', 10_172],
  ['reclaimed-from-one-survivor', 3607],
  ['reclaimed-with-moves-open', 335],
  ['replicated-to-the-dead', 202],
  ['second-run-goes-on-in-the-old-place', 4480],
  ['second-run-starts-over', 227],
  ['shipped-or-cancelled-by-arrival', 219],
  ['stamps-not-read', 2472],
]);
