/** Loads the bundle that it is given, as a Lambda environment does, and hands it what the parent sends. */
const [, , file = ''] = process.argv;

const lines: string[] = [];
process.stdout.write = (chunk: string | Uint8Array): boolean => lines.push(String(chunk)) > 0;

const { handler } = await import(file);

process.on('message', async ({ id, event }: { readonly id: number; readonly event: unknown }) => {
  const startedMs = performance.now();
  try {
    const answer: unknown = await handler(event, { awsRequestId: `invocation-${id}`, getRemainingTimeInMillis: () => 30_000 });
    tell(id, { answer, tookMs: performance.now() - startedMs });
  } catch (error: unknown) {
    tell(id, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });

const tell = (id: number, outcome: object): void => {
  const { rss, arrayBuffers } = process.memoryUsage();
  process.send?.({ id, ...outcome, rss, arrayBuffers, lines: lines.splice(0) });
};
