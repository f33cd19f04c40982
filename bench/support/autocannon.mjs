// Generates load with autocannon, in its own process, if wrk is missing. Argument: a JSON file with the options of autocannon, whose
// body is base64, so that it may be binary.
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const { body, ...options } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { duration, errors, latency, non2xx, ...counts } = await autocannon({
  ...options,
  ...(body === undefined ? {} : { body: Buffer.from(body, 'base64') }),
});
const figures = { rate: counts['2xx'] / duration, failed: non2xx + errors, p50: latency.p50, p99: latency.p99 };
process.stdout.write(JSON.stringify(figures));
