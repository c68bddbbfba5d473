/** One cold start: imports the bundle it is given, sends it one request, and tells the milliseconds of both. */
const [path = '', event = '{}'] = process.argv.slice(2);
const started = performance.now();
const { handler } = await import(path);
const { statusCode } = await handler(JSON.parse(event), { awsRequestId: 'bench' });
const milliseconds = performance.now() - started;
process.send?.({ milliseconds, statusCode });
process.disconnect?.();
