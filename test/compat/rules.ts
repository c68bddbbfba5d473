/** What is asked of the pure rules of any release, and where a release keeps them. */
import { foldKey } from '../../functions/core/keys.ts';
import { foldBeats, foldControl } from '../../functions/core/operations.ts';
import { foldOrder } from '../../functions/core/order-fold.ts';
import { orderAnswer } from '../../functions/core/orders.ts';
import { planRebuild } from '../../functions/core/rebuild.ts';
import { mayNeedReconciling } from '../../functions/core/reconcile.ts';
import { stockWork } from '../../functions/core/stock.ts';
import { foldStock } from '../../functions/core/stock-fold.ts';

/** The rules of the checkout. */
export const present = {
  foldKey,
  foldBeats,
  foldControl,
  foldOrder,
  orderAnswer,
  planRebuild,
  mayNeedReconciling,
  stockWork,
  foldStock,
} as const;

export type Rules = typeof present;

/** Where the rules of a release stand. Moving one means to say here where it was: releases stay as they are. */
export const RULES_SOURCE = `
export { foldKey } from './functions/core/keys.ts';
export { foldBeats, foldControl } from './functions/core/operations.ts';
export { foldOrder } from './functions/core/order-fold.ts';
export { orderAnswer } from './functions/core/orders.ts';
export { planRebuild } from './functions/core/rebuild.ts';
export { mayNeedReconciling } from './functions/core/reconcile.ts';
export { stockWork } from './functions/core/stock.ts';
export { foldStock } from './functions/core/stock-fold.ts';
`;
