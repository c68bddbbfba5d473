/** One cold start: imports the bundle it is given, sends it one request, and tells what both took. */
const [path = '', event = '{}'] = process.argv.slice(2);
const [started, before] = [performance.now(), process.cpuUsage()];
const { handler } = await import(path);
const { statusCode } = await handler(JSON.parse(event), { awsRequestId: 'bench' });
const { user, system } = process.cpuUsage(before);
process.send?.({ elapsedMs: performance.now() - started, processorMs: (user + system) / 1000, statusCode });
process.disconnect?.();
