/** Which caller may do what with an order, and what one is told who may not. */
import { type Outcome, refused } from './context.ts';
import type { OrderView } from './order-fold.ts';
import { isSynthetic } from './synthetic.ts';

export const owns = (order: OrderView, subject: string): boolean => order.keeper.subject === subject;
/** Synthetic callers see each other's orders: that is how one region sees what another's canary wrote. */
export const maySee = (order: OrderView, subject: string): boolean =>
  owns(order, subject) || (isSynthetic(subject) && isSynthetic(order.keeper.subject));
/** Whoever ships does so for all users, and for no synthetic caller; these ship their own. */
export const mayShip = (order: OrderView, subject: string): boolean =>
  owns(order, subject) || (!isSynthetic(subject) && !isSynthetic(order.keeper.subject));
export const noSuchOrder = (id: string): Outcome<never> => refused('not-found', `there is no order ${id} of this caller in this region`);
export const keyReused = (): Outcome<never> =>
  refused('key-reused', 'the Idempotency-Key was used with another body; a new request needs a new key');
