import { type GoneSignal, ModelNotReadyError, type ModelVersion, type Tensor } from '../serving/index.js';
import { classify } from './classification.js';
import { parseInferRequest } from './infer-request.js';
import { encodeInferResponse, type InferOutput, type InferResponse } from './infer-response.js';
import type { RequestedOutput } from './requested-outputs.js';

/** The body of an inference request. */
interface InferBody {
  readonly body: Buffer;
  /** Value of `Inference-Header-Content-Length`. */
  readonly headerLength: string | undefined;
  /** Aborts when the client disconnects. */
  readonly signal: GoneSignal;
}

/** Parses a request, runs the model on its tensors, and encodes the response. */
export async function infer(
  model: string,
  version: ModelVersion,
  { body, headerLength, signal }: InferBody,
): Promise<InferResponse> {
  const { signature, schema, limits } = version;
  if (!signature) throw new ModelNotReadyError(`${model}/${version.version}`, version.state);
  const { id, feeds, outputs, timeoutMs } = parseInferRequest(body, headerLength, signature, limits, schema?.inputs);
  const tensors = await version.infer(feeds, {
    signal,
    deadline: version.deadlineFor(feeds[0]?.shape[0] ?? 1, timeoutMs),
  });
  const selected = outputs.map((output) => selectOutput(output, tensors, version));
  return encodeInferResponse({ model, version: version.version, id }, selected);
}

function selectOutput(
  { name, isBinary, classes }: RequestedOutput,
  tensors: readonly Tensor[],
  { signature, labels }: ModelVersion,
): InferOutput {
  const tensor = tensors.find((candidate) => candidate.name === name);
  if (!tensor || !signature) throw new Error('The model has not returned an output of its signature');
  return { tensor: classes === undefined ? tensor : classify(tensor, classes, signature, labels), isBinary };
}
