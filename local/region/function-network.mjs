/**
 * Loaded before every function of an emulator: leads the API's names to this machine's front doors, as DNS and port 443 do
 * on AWS. Whatever is neither is left alone, the SDK's calls of the emulator among it. Plain JavaScript that loads what
 * Node has loaded anyway, because it is part of every cold start.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

/** Two tries of 2 s: below the patience of whoever asks. */
const PATIENCE = { timeout: 2_000, tries: 2 };

/** `routes`: by address and port, where that is on this machine. */
const { server, domain, routes } = JSON.parse(process.env.TANDEM_LOCAL_NETWORK);
const { lookup } = dns;
const lookupLater = dns.promises.lookup;
const { connect } = net.Socket.prototype;

const isOfApi = (name) => {
  const host = String(name).toLowerCase().replace(/\.$/, '');
  return host === domain || host.endsWith(`.${domain}`);
};

/** Fails as the system's resolver does: it knows names that do not exist, and failures that may pass. */
const failure = (hostname, { code }) => {
  const told = code === dns.NOTFOUND || code === dns.NODATA ? 'ENOTFOUND' : 'EAI_AGAIN';
  return Object.assign(new Error(`getaddrinfo ${told} ${hostname}`), { code: told, syscall: 'getaddrinfo', hostname });
};

/** Asked anew each time; the server takes whoever asks it to be near this region. */
const findAddresses = (hostname, callback) => {
  const resolver = new dns.Resolver(PATIENCE);
  resolver.setServers([server]);
  resolver.resolve4(hostname, (error, addresses) => {
    if (error) callback(failure(hostname, error));
    else
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
  });
};

dns.lookup = (hostname, ...rest) => {
  if (!isOfApi(hostname)) return lookup(hostname, ...rest);
  const [options, callback] = rest.length > 1 ? rest : [undefined, ...rest];
  findAddresses(hostname, (error, found) => {
    if (error) callback(error);
    else if (options?.all) callback(null, found);
    else callback(null, found[0].address, found[0].family);
  });
  return {};
};

dns.promises.lookup = async (hostname, options) => {
  if (!isOfApi(hostname)) return lookupLater(hostname, options);
  const { promise, resolve, reject } = Promise.withResolvers();
  findAddresses(hostname, (error, found) => (error ? reject(error) : resolve(found)));
  const found = await promise;
  return options?.all ? found : found[0];
};

/** Where every connection ends that any module makes: the address is known there, whoever looked it up. */
const leadTheWay = (prototype) => {
  const { connect: connectHandle } = prototype;
  prototype.connect = function (request, address, port) {
    return connectHandle.call(this, request, ...(routes[`${address}:${port}`] ?? [address, port]));
  };
};

/** The first connection shows where that is; it does not open before this has returned. */
net.Socket.prototype.connect = function (...given) {
  const socket = connect.apply(this, given);
  // TLS has the connection below it.
  const handle = this._handle?._parent ?? this._handle;
  if (handle?.constructor.name === 'TCP') {
    leadTheWay(Object.getPrototypeOf(handle));
    net.Socket.prototype.connect = connect;
  }
  return socket;
};

syncBuiltinESMExports();
