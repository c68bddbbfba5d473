/** Ports that `fetch` refuses to connect to, because other protocols live there: https://fetch.spec.whatwg.org/#port-blocking */
import { Dispatcher, fetch } from 'undici';

/** Asked of `fetch` itself, so that its list cannot differ from ours. Nothing is sent. */
export const fetchRefuses = async (port: number): Promise<boolean> => {
  const nowhere = new Nowhere();
  await fetch(`http://127.0.0.1:${port}/`, { dispatcher: nowhere }).catch(() => undefined);
  return !nowhere.reached;
};

/** Where allowed requests end. */
class Nowhere extends Dispatcher {
  reached = false;

  override dispatch(): never {
    this.reached = true;
    throw new Error('nothing is sent from here');
  }
}
