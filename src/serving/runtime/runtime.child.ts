import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { decodeTensors, encodeFrame, encodeTensors, type Frame, FrameKind, FrameReader, sendPieces } from './frames.js';
import { type ModelFiles, type Pins, pinsOf, readModelFiles } from './model-files.js';
import { MEMORY_LIMIT_MESSAGE, type RuntimeOptions } from './runtime-options.js';
import { prepareModel } from '../graph/prepare-model.js';
import { loadAdvice } from '../graph/load-advice.js';
import { isElementType, type Signature, type Tensor } from '../signature/tensor.js';

/**
 * The program of a runtime process. It loads one model, sends its signature, and then executes one run after another until
 * its parent closes the pipe.
 */
const OUTPUT_FD = 3;
const WATCHDOG_INTERVAL_MS = 100;
/** Messages of ONNX Runtime and the C++ library about failed allocations. */
const OUT_OF_MEMORY = /bad_alloc|failed to allocate|out of memory/i;
const output = new Socket({ fd: OUTPUT_FD, writable: true });

// The parent ends its runtimes; a Ctrl-C in a terminal reaches both.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

try {
  await serve(JSON.parse(process.argv[2] ?? '{}') as RuntimeOptions);
} catch (error) {
  send(FrameKind.failed, 0, Buffer.from(error instanceof Error ? error.message : String(error)));
  output.end(() => process.exit(1));
}

async function serve(options: RuntimeOptions): Promise<void> {
  startWatchdog(options);
  const { session, pins, signature } = await open(options);
  const ready = { ...pins, signature };
  let last: Promise<void> = Promise.resolve();
  const reader = new FrameReader((frame) => {
    last = last.then(() => execute(session, frame, options));
  });
  process.stdin.on('data', (chunk: Buffer) => reader.push(chunk));
  process.stdin.once('end', () => void last.then(() => process.exit(0)));
  send(FrameKind.ready, 0, Buffer.from(JSON.stringify(ready)));
}

interface OpenModel {
  readonly session: InferenceSession;
  readonly pins: Pins;
  readonly signature: Signature;
}

/** Loads the model; the bytes of its files are not kept. */
async function open(options: RuntimeOptions): Promise<OpenModel> {
  const files = readModelFiles(options.file, options);
  const prepared = prepareModel(files.model);
  const session = await load(prepared.bytes, files, options);
  const signature = prepared.signatureOf({ inputs: session.inputMetadata, outputs: session.outputMetadata });
  return { session, pins: pinsOf(files), signature };
}

/**
 * Kills this process when its parent has ended, or when it exceeds its memory limit. A worker thread checks both, because a
 * run blocks the main thread, and a run that never ends would occupy a core for ever.
 */
function startWatchdog({ memoryMb }: RuntimeOptions): void {
  const program = `const parent = process.ppid;
    const { writeSync } = require('node:fs');
    setInterval(() => {
      const isOver = process.memoryUsage.rss() > ${memoryMb} * 2 ** 20;
      if (isOver) writeSync(2, ${JSON.stringify(MEMORY_LIMIT_MESSAGE)});
      if (isOver || process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
    }, ${WATCHDOG_INTERVAL_MS});`;
  new Worker(program, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, stackSizeMb: 1 } }).unref();
}

async function load(
  model: Buffer,
  { external }: ModelFiles,
  { threads, providers }: RuntimeOptions,
): Promise<InferenceSession> {
  // ONNX Runtime would look for the files in the working directory. It takes off one "./" of the names it is given.
  const externalData = external.map(({ path, data }) => ({ path: `./${path}`, data }));
  try {
    return await InferenceSession.create(model, {
      ...(externalData.length > 0 ? { externalData } : {}),
      executionProviders: [...providers],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // A warning for each run of a model whose outputs are declared otherwise than they are.
      logSeverityLevel: 3,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(loadAdvice(reason) ?? `ONNX Runtime cannot load the file: ${reason}`, { cause: error });
  }
}

async function execute(session: InferenceSession, { id, payload }: Frame, options: RuntimeOptions): Promise<void> {
  try {
    const outputs = Object.entries(await session.run(toFeeds(decodeTensors(payload))));
    const elements = outputs.reduce((sum, [, tensor]) => sum + tensor.size, 0);
    if (elements > options.maxResponseElements) send(FrameKind.tooLarge, id, Buffer.from(String(elements)));
    else
      sendPieces(output, encodeTensors(FrameKind.result, id, [outputs.map(([name, tensor]) => fromOrt(name, tensor))]));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // The process keeps the memory that it has allocated so far: a new one has more room.
    if (OUT_OF_MEMORY.test(message)) killForMemory();
    send(FrameKind.runFailed, id, Buffer.from(message));
  }
}

function killForMemory(): void {
  writeSync(2, MEMORY_LIMIT_MESSAGE);
  process.kill(process.pid, 'SIGKILL');
}

function toFeeds(tensors: readonly Tensor[]): Record<string, OrtTensor> {
  return Object.fromEntries(
    tensors.map(({ name, type, data, shape }) => [name, new OrtTensor(type, data as Float32Array, [...shape])]),
  );
}

function fromOrt(name: string, tensor: OrtTensor): Tensor {
  const { type, dims, data } = tensor;
  if (!isElementType(type)) throw new Error(`output "${name}" is of type ${type}, which cannot be carried`);
  return { name, type, shape: dims, data };
}

function send(kind: number, id: number, payload: Uint8Array): void {
  output.write(encodeFrame(kind, id, payload));
}
