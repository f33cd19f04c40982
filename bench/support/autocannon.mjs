// Makes load where wrk is missing, in a process of its own. Argument: a file with what autocannon takes, as JSON, its body
// in base64, since a text could not hold any bytes.
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const { body, ...options } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { duration, errors, latency, non2xx, ...counts } = await autocannon({
  ...options,
  ...(body === undefined ? {} : { body: Buffer.from(body, 'base64') }),
});
const figures = { rate: counts['2xx'] / duration, failed: non2xx + errors, p50: latency.p50, p99: latency.p99 };
process.stdout.write(JSON.stringify(figures));
