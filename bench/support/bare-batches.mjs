import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { IRIS, ROOT } from './servers.mjs';

const BATCH = 256;

/** ONNX Runtime alone, in its own process, on iris rows in batches of 256. */
export async function startBareBatches(rows) {
  const program = join(ROOT, 'bench/peers/bare-batches.mjs');
  const child = spawn(process.execPath, [program, IRIS, 'input', String(rows), String(BATCH)], {
    env: { PATH: process.env.PATH, ORT_DISABLE_TELEMETRY: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('ONNX Runtime alone has ended');
    return JSON.parse(value);
  };
  await next();
  return {
    /** @returns the duration for all rows, in seconds */
    async seconds() {
      child.stdin.write('\n');
      return (await next()).ms / 1000;
    },
    stop() {
      child.stdin.end();
      child.kill();
    },
  };
}
