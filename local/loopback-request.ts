/**
 * HTTP to this system's own processes. Never through a proxy, whatever the environment says (HTTP_PROXY, NODE_USE_ENV_PROXY),
 * and not with what another library made of Node's global dispatcher.
 */
import { Agent, request } from 'undici';

/** Of its own. Connections that nobody uses keep no process alive. */
const agent = new Agent();

type Options = Omit<NonNullable<Parameters<typeof request>[1]>, 'dispatcher'>;

/** The answer's body must be read, or dumped. */
export const loopbackRequest = (url: string | URL, options: Options = {}) => request(url, { ...options, dispatcher: agent });
