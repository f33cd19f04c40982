import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from './client.js';

const POLL_MS = 10;

/** Polls until the condition holds. @throws after `timeoutMs`, with `what` in the message */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`);
    await delay(POLL_MS);
  }
}

/** Asks until the answer has this status: for what happens by itself after a while. */
export function untilStatus(client: Client, path: string, status: number): Promise<void> {
  return until(`${path} answers ${status}`, async () => (await client.get(path)).status === status);
}
