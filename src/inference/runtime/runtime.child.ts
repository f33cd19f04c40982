import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { decodeTensors, encodeFrame, encodeTensors, type Frame, FrameKind, FrameReader } from './frames.js';
import type { RuntimeOptions } from './runtime-options.js';
import { isElementType, type Signature, type Tensor, type TensorSignature } from './tensor.js';

/**
 * A model's runtime: the whole program of a child process. It loads one model, says what its signature is, and then
 * answers one run after another until its parent closes the pipe.
 */
const ANSWERS_FD = 3;
const answers = new Socket({ fd: ANSWERS_FD, writable: true });

// The parent decides when a runtime ends; a Ctrl-C in a terminal reaches both.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

try {
  await serve(JSON.parse(process.argv[2] ?? '{}') as RuntimeOptions);
} catch (error) {
  send(FrameKind.failed, 0, Buffer.from(error instanceof Error ? error.message : String(error)));
  answers.end(() => process.exit(1));
}

async function serve(options: RuntimeOptions): Promise<void> {
  const bytes = read(options.file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (options.sha256 !== undefined && options.sha256 !== sha256) {
    throw new Error(`the file has sha256 ${sha256}, but model.json expects ${options.sha256}`);
  }
  const session = await load(bytes, options);
  const ready = { sha256, signature: signatureOf(session) };
  let last: Promise<void> = Promise.resolve();
  const reader = new FrameReader((frame) => {
    last = last.then(() => answer(session, frame));
  });
  process.stdin.on('data', (chunk: Buffer) => reader.push(chunk));
  process.stdin.once('end', () => void last.then(() => process.exit(0)));
  send(FrameKind.ready, 0, Buffer.from(JSON.stringify(ready)));
  endWithParent();
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`the file cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}

/**
 * Ends this process when its parent is gone. A run keeps this thread from seeing the pipe close, and one that never ends
 * would keep a core busy for ever: so another thread looks.
 */
function endWithParent(): void {
  const watch = `const parent = process.ppid;
    setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1000);`;
  new Worker(watch, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, stackSizeMb: 1 } }).unref();
}

async function load(bytes: Buffer, { threads, providers }: RuntimeOptions): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(bytes, {
      executionProviders: [...providers],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`ONNX Runtime cannot load the file: ${reason}`, { cause: error });
  }
}

async function answer(session: InferenceSession, { id, payload }: Frame): Promise<void> {
  try {
    const outputs = await session.run(toFeeds(decodeTensors(payload)));
    send(FrameKind.result, id, encodeTensors(Object.entries(outputs).map(([name, tensor]) => fromOrt(name, tensor))));
  } catch (error) {
    send(FrameKind.runFailed, id, Buffer.from(error instanceof Error ? error.message : String(error)));
  }
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

function signatureOf(session: InferenceSession): Signature {
  return {
    inputs: session.inputMetadata.map((metadata) => describe('input', metadata)),
    outputs: session.outputMetadata.map((metadata) => describe('output', metadata)),
  };
}

function describe(role: string, metadata: InferenceSession.ValueMetadata): TensorSignature {
  const { name } = metadata;
  if (!metadata.isTensor) {
    throw new Error(`${role} "${name}" is not a tensor; export the model without ZipMap, sequences or maps`);
  }
  if (!isElementType(metadata.type))
    throw new Error(`${role} "${name}" is of type ${metadata.type}, which cannot be carried`);
  // A dimension without a name is symbolic too; it is like no other.
  return { name, type: metadata.type, shape: metadata.shape.map((dimension, axis) => dimension || `${name}:${axis}`) };
}

function send(kind: number, id: number, payload: Uint8Array): void {
  answers.write(encodeFrame(kind, id, payload));
}
