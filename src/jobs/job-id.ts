import { randomBytes } from 'node:crypto';

const MAX_IN_ONE_MS = 0xfff;

let lastMs = 0;
let count = 0;

/** A UUID of version 7 (RFC 9562, 5.7): those that this process makes are in the order of their making, as text too. */
export function newJobId(): string {
  const now = Date.now();
  if (now > lastMs) [lastMs, count] = [now, 0];
  else if (count < MAX_IN_ONE_MS) count += 1;
  else [lastMs, count] = [lastMs + 1, 0];
  const bytes = randomBytes(16);
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | count, 6);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
