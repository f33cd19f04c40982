import { MalformedRequestError } from '../platform/http/index.js';
import { checkTensorData, type InputLimits, type InputPlan, type Signature, type Tensor } from '../serving/index.js';
import { decodeBinary } from './binary-tensors.js';
import { parseInferHeaderCached } from './header-cache.js';
import { type InferHeader, type InferRequest, type InputHeader, parseInferHeader } from './infer-header.js';
import { decodeJson } from './json-tensors.js';
import { parseRawRequest } from './raw-request.js';

const DIGITS = /^\d{1,10}$/;

/**
 * Parses an inference request: JSON, JSON followed by binary tensors, or one binary tensor alone.
 *
 * @param headerLength value of `Inference-Header-Content-Length`: the number of bytes of JSON
 * @param plans of the fields whose values may be missing
 * @throws MalformedRequestError, InvalidTensorError, TooManyElementsError, TooManyRowsError; before memory is allocated for
 *   a size that the request only declares
 */
export function parseInferRequest(
  body: Buffer,
  headerLength: string | undefined,
  signature: Signature,
  limits: InputLimits,
  plans: readonly InputPlan[] = [],
): InferRequest {
  const jsonLength = headerLength === undefined ? body.length : parseJsonLength(headerLength, body);
  if (headerLength !== undefined && jsonLength === 0) return parseRawRequest(body, signature, limits, plans);
  const header =
    jsonLength < body.length
      ? parseInferHeaderCached(body, jsonLength, signature, limits)
      : parseInferHeader(body, signature, limits);
  const { id, outputs, timeoutMs } = header;
  return { id, outputs, timeoutMs, feeds: decodeFeeds(header, body, jsonLength, { signature, limits, plans }) };
}

function parseJsonLength(header: string, body: Buffer): number {
  if (DIGITS.test(header) && Number(header) <= body.length) return Number(header);
  const message = `Inference-Header-Content-Length must be how many of the body's ${body.length} bytes are JSON.`;
  throw new MalformedRequestError(message);
}

/** What the tensors of a request have to fit. */
interface Expected {
  readonly signature: Signature;
  readonly limits: InputLimits;
  readonly plans: readonly InputPlan[];
}

function decodeFeeds(
  { inputs, binarySize }: InferHeader,
  body: Buffer,
  jsonLength: number,
  { signature, limits, plans }: Expected,
): Tensor[] {
  if (binarySize !== body.length - jsonLength) {
    const message = `${body.length - jsonLength} bytes follow the JSON, but the inputs have a binary_data_size of ${binarySize} together.`;
    throw new MalformedRequestError(`${message} Inference-Header-Content-Length says where the JSON ends.`);
  }
  let offset = jsonLength;
  const tensors = inputs.map((input) => {
    const bytes = body.subarray(offset, offset + (input.binarySize ?? 0));
    offset += bytes.length;
    return decodeTensor(input, bytes, limits.textLength, plans);
  });
  // In the order of the signature: batching joins tensors by position.
  return signature.inputs.map(({ name }) => tensors.find((tensor) => tensor.name === name)!);
}

function decodeTensor(input: InputHeader, bytes: Buffer, maxTextLength: number, plans: readonly InputPlan[]): Tensor {
  const { name, type, shape } = input;
  const data =
    input.binarySize === undefined
      ? decodeJson(input, input.data, maxTextLength, plans)
      : decodeBinary(input, bytes, maxTextLength);
  const tensor = { name, type, shape, data };
  checkTensorData(tensor, plans);
  return tensor;
}
