// ONNX Runtime alone: rows in batches, one `run` after another, on one thread. Reads a line with the number of rows and
// batches, and says how many milliseconds they took: first to warm up, then for each further line.
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { irisValues } from '../support/iris-rows.mjs';

const [file, input, rows, batch] = process.argv.slice(2);
const values = irisValues(Number(rows));
const width = values.length / Number(rows);
const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });

async function runAll() {
  const since = performance.now();
  for (let start = 0; start < Number(rows); start += Number(batch)) {
    const end = Math.min(start + Number(batch), Number(rows));
    const part = values.subarray(start * width, end * width);
    const { label, probabilities } = await session.run({ [input]: new Tensor('float32', part, [end - start, width]) });
    if (label.data.length !== end - start || probabilities.data.length === 0) throw new Error('A wrong answer');
  }
  return performance.now() - since;
}

await runAll();
console.log(JSON.stringify({ ready: true }));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
while (!(await lines.next()).done) console.log(JSON.stringify({ ms: await runAll() }));
