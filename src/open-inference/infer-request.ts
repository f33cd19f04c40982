import { MalformedRequestError } from '../platform/http/index.js';
import { checkTensorData, type InputLimits, type Signature, type Tensor } from '../serving/index.js';
import type { InferCall } from './infer-call.js';
import { decodeBinary } from './binary-tensors.js';
import { type InferHead, type InputClaim, readInferHead } from './infer-head.js';
import { decodeJson } from './json-tensors.js';
import { recallInferHead } from './kept-heads.js';
import { readRawRequest } from './raw-request.js';

const DIGITS = /^\d{1,10}$/;

/**
 * Reads an inference request: JSON, JSON and then binary tensors, or nothing but the one binary tensor.
 *
 * @param headerLength the value of `Inference-Header-Content-Length`: how many bytes of the body are JSON
 * @throws MalformedRequestError, InvalidTensorError and other 4xx, before room is made for what is only claimed
 */
export function readInferRequest(
  body: Buffer,
  headerLength: string | undefined,
  signature: Signature,
  limits: InputLimits,
): InferCall {
  const jsonLength = headerLength === undefined ? body.length : lengthOfJson(headerLength, body);
  if (headerLength !== undefined && jsonLength === 0) return readRawRequest(body, signature, limits);
  const head =
    jsonLength < body.length
      ? recallInferHead(body, jsonLength, signature, limits)
      : readInferHead(body, signature, limits);
  const { id, outputs, timeoutMs } = head;
  return { id, outputs, timeoutMs, feeds: readFeeds(head, body, jsonLength, signature, limits) };
}

function lengthOfJson(header: string, body: Buffer): number {
  if (DIGITS.test(header) && Number(header) <= body.length) return Number(header);
  const message = `Inference-Header-Content-Length must be how many of the body's ${body.length} bytes are JSON.`;
  throw new MalformedRequestError(message);
}

function readFeeds(
  { claims, binarySize }: InferHead,
  body: Buffer,
  jsonLength: number,
  signature: Signature,
  limits: InputLimits,
): Tensor[] {
  if (binarySize !== body.length - jsonLength) {
    const message = `${body.length - jsonLength} bytes follow the JSON, but the inputs have a binary_data_size of ${binarySize} together.`;
    throw new MalformedRequestError(`${message} Inference-Header-Content-Length says where the JSON ends.`);
  }
  let at = jsonLength;
  const tensors = claims.map((claim) => {
    const bytes = body.subarray(at, at + (claim.binarySize ?? 0));
    at += bytes.length;
    return readTensor(claim, bytes, limits.textLength);
  });
  // In the model's order: what runs together must be like for like.
  return signature.inputs.map(({ name }) => tensors.find((tensor) => tensor.name === name)!);
}

function readTensor(claim: InputClaim, bytes: Buffer, maxTextLength: number): Tensor {
  const { name, type, shape } = claim;
  const data =
    claim.binarySize === undefined
      ? decodeJson(claim, claim.data, maxTextLength)
      : decodeBinary(claim, bytes, maxTextLength);
  const tensor = { name, type, shape, data };
  checkTensorData(tensor);
  return tensor;
}
