/** What the supervisor and a region's process say to each other: JSON lines on standard input and output. */
import * as z from 'zod';

/** Of a front door, as it comes over the wire. */
export const edgeFaultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('refuse') }),
  z.strictObject({ kind: z.literal('blackhole') }),
  z.strictObject({ kind: z.literal('slow'), delayMs: z.int().min(0).max(600_000) }),
  z.strictObject({ kind: z.literal('error'), status: z.literal([500, 502, 503, 504]) }),
]);

/** The first line to a region's process. Nothing of it is an argument, which everybody on the machine could read. */
export const hostSettingsSchema = z.strictObject({
  region: z.string(),
  address: z.string(),
  port: z.int(),
  tlsPort: z.int(),
  names: z.array(z.string()),
  /** Whose pages may read what the front door itself says. */
  origins: z.array(z.string()),
  endpoint: z.string(),
  /** Names the caller to the emulator; the secret is what opens it. */
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  /** How to start the emulator; null when the endpoint is somebody else's. `environment`: see `EmulatorProps`. */
  emulator: z.nullable(
    z.strictObject({ python: z.string(), port: z.int(), folder: z.string(), environment: z.record(z.string(), z.string()) }),
  ),
});
export type HostSettings = z.output<typeof hostSettingsSchema>;

/** From the supervisor. */
export const commandSchema = z.discriminatedUnion('kind', [
  /** The stacks are there: let callers in. */
  z.strictObject({
    kind: z.literal('open'),
    id: z.int(),
    /** Of the stage on the alias `live`, and of its twin on the alias `candidate`. */
    stagePath: z.string(),
    candidateStagePath: z.string(),
    /** Of the front door's TLS, both PEM. */
    credentials: z.strictObject({ certificate: z.string(), key: z.string() }),
  }),
  z.strictObject({ kind: z.literal('edge'), id: z.int(), fault: edgeFaultSchema }),
  /** Share of calls that the candidate's stage gets, 0 to 1, and the versions behind both stages. */
  z.strictObject({
    kind: z.literal('shift'),
    id: z.int(),
    share: z.number().min(0).max(1),
    live: z.string(),
    candidate: z.string(),
  }),
]);
export type Command = z.output<typeof commandSchema>;

/** An answer of the front door: `[version, status, milliseconds]`; the version is null where no function was asked. */
const servedSchema = z.tuple([z.nullable(z.string()), z.int(), z.number()]);
export type Served = z.output<typeof servedSchema>;

/** From the region. */
const reportSchema = z.discriminatedUnion('kind', [
  /** The emulator answers. */
  z.strictObject({ kind: z.literal('ready'), emulatorPid: z.nullable(z.int()) }),
  z.strictObject({ kind: z.literal('done'), id: z.int() }),
  z.strictObject({ kind: z.literal('failed'), id: z.int(), message: z.string() }),
  /** What was answered since the last such report, once a second where anything was. */
  z.strictObject({ kind: z.literal('served'), atMs: z.number(), answers: z.array(servedSchema) }),
  /** A batch of a stream's records went to a function: when, and how old its last one was. */
  z.strictObject({ kind: z.literal('handed'), functionName: z.string(), atMs: z.number(), ageMs: z.number() }),
  /** The last line: the region ends itself. */
  z.strictObject({ kind: z.literal('broken'), message: z.string() }),
]);
export type Report = z.output<typeof reportSchema>;

/** Undefined for what is no report, such as a line cut off by the end of its process. */
export const parseReport = (line: string): Report | undefined => {
  try {
    return reportSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
};
