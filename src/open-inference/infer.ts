import { type GoneSignal, ModelNotReadyError, type ModelVersion, type Tensor } from '../serving/index.js';
import { classify } from './classification.js';
import { type AnsweredOutput, type InferAnswer, writeInferAnswer } from './infer-answer.js';
import { readInferRequest } from './infer-request.js';
import type { RequestedOutput } from './requested-outputs.js';

/** An inference request as it came. */
interface InferBody {
  readonly body: Buffer;
  /** The value of `Inference-Header-Content-Length`. */
  readonly jsonLength: string | undefined;
  /** Tells that the client has gone away. */
  readonly signal: GoneSignal;
}

/** Reads a request, runs the model and writes the answer. */
export async function infer(
  model: string,
  version: ModelVersion,
  { body, jsonLength, signal }: InferBody,
): Promise<InferAnswer> {
  const { signature, limits } = version;
  if (!signature) throw new ModelNotReadyError(`${model}/${version.version}`, version.state);
  const { id, feeds, outputs, timeoutMs } = readInferRequest(body, jsonLength, signature, limits);
  const tensors = await version.infer(feeds, { signal, deadline: version.deadlineIn(timeoutMs) });
  const asked = outputs.map((output) => pick(output, tensors, version));
  return writeInferAnswer({ model, version: version.version, id }, asked);
}

function pick(
  { name, isBinary, classes }: RequestedOutput,
  tensors: readonly Tensor[],
  { signature, manifest }: ModelVersion,
): AnsweredOutput {
  const tensor = tensors.find((candidate) => candidate.name === name);
  if (!tensor || !signature) throw new Error('The model has not answered an output of its signature');
  return { tensor: classes === undefined ? tensor : classify(tensor, classes, signature, manifest.labels), isBinary };
}
