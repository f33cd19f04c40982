import { MalformedRequestError, parseJsonExactly } from '../../http/index.js';
import { WrongTensorError } from '../inference.errors.js';
import type { Signature, Tensor } from '../runtime/tensor.js';
import { checkClaims, checkData, type TensorClaim } from '../signature/check-feeds.js';
import type { InputLimits } from '../signature/row-check.js';
import type { InferCall } from './infer-call.js';
import { decodeBinary } from './binary-tensors.js';
import { ALL_DATATYPES, elementTypeOf, isDatatype } from './datatypes.js';
import {
  arrayOf,
  flagOf,
  type JsonObject,
  objectOf,
  parametersOf,
  refuseSharedMemory,
  textOf,
  wholeNumberOf,
} from './json-fields.js';
import { decodeJson } from './json-tensors.js';
import { readRawRequest } from './raw-request.js';
import { readRequestedOutputs } from './requested-outputs.js';

/** What one input says of itself, and where its data is. */
interface InputClaim extends TensorClaim {
  readonly data: unknown;
  readonly binarySize: number | undefined;
}

const DIGITS = /^\d{1,10}$/;

/**
 * Reads an inference request: JSON, JSON and then binary tensors, or nothing but the one binary tensor.
 *
 * @param headerLength the value of `Inference-Header-Content-Length`: how many bytes of the body are JSON
 * @throws MalformedRequestError, WrongTensorError and other 4xx, before room is made for what is only claimed
 */
export function readInferRequest(
  body: Buffer,
  headerLength: string | undefined,
  signature: Signature,
  limits: InputLimits,
): InferCall {
  const jsonLength = headerLength === undefined ? body.length : lengthOfJson(headerLength, body);
  if (headerLength !== undefined && jsonLength === 0) return readRawRequest(body, signature, limits);
  const request = objectOf(parseJsonExactly(body.subarray(0, jsonLength)), 'The request');
  const parameters = parametersOf(request, 'The request');
  refuseSequence(parameters);
  const timeout = wholeNumberOf(parameters, 'timeout');
  return {
    id: textOf(request, 'id'),
    outputs: readRequestedOutputs(request, flagOf(parameters, 'binary_data_output') ?? false, signature),
    feeds: readFeeds(request, body.subarray(jsonLength), signature, limits),
    // In microseconds; none where it is 0, as for Triton.
    ...(timeout ? { timeoutMs: timeout / 1000 } : {}),
  };
}

function lengthOfJson(header: string, body: Buffer): number {
  if (DIGITS.test(header) && Number(header) <= body.length) return Number(header);
  const message = `Inference-Header-Content-Length must be how many of the body's ${body.length} bytes are JSON.`;
  throw new MalformedRequestError(message);
}

function refuseSequence({ sequence_id: id = 0 }: JsonObject): void {
  if (id === 0 || id === '') return;
  throw new MalformedRequestError('Sequences are not served here: no model keeps a state between requests.');
}

function readFeeds(request: JsonObject, binary: Buffer, signature: Signature, limits: InputLimits): Tensor[] {
  const claims = arrayOf(request, 'inputs').map(readClaim);
  checkClaims(claims, signature, limits);
  const binarySize = claims.reduce((total, claim) => total + (claim.binarySize ?? 0), 0);
  if (binarySize !== binary.length) {
    const message = `${binary.length} bytes follow the JSON, but the inputs have a binary_data_size of ${binarySize} together.`;
    throw new MalformedRequestError(`${message} Inference-Header-Content-Length says where the JSON ends.`);
  }
  let at = 0;
  const tensors = claims.map((claim) => {
    const bytes = binary.subarray(at, at + (claim.binarySize ?? 0));
    at += bytes.length;
    return readTensor(claim, bytes, limits.textLength);
  });
  // In the model's order: what runs together must be like for like.
  return signature.inputs.map(({ name }) => tensors.find((tensor) => tensor.name === name)!);
}

function readClaim(value: unknown, index: number): InputClaim {
  const what = `The input at ${index}`;
  const input = objectOf(value, what);
  const name = textOf(input, 'name');
  if (name === undefined) throw new MalformedRequestError(`${what} must have a name.`);
  const { datatype, shape, data } = input;
  if (!isDatatype(datatype)) {
    throw new WrongTensorError(`The datatype of ${what.toLowerCase()} must be one of ${ALL_DATATYPES.join(', ')}.`);
  }
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size))) {
    throw new WrongTensorError(`The shape of ${what.toLowerCase()} must be an array of integers.`);
  }
  const parameters = parametersOf(input, what);
  refuseSharedMemory(parameters);
  const binarySize = wholeNumberOf(parameters, 'binary_data_size');
  if ((data === undefined) === (binarySize === undefined)) {
    throw new MalformedRequestError(`${what} must have either "data" or the parameter binary_data_size.`);
  }
  return { name, type: elementTypeOf(datatype), shape, data, binarySize };
}

function readTensor({ data, binarySize, ...claim }: InputClaim, bytes: Buffer, maxTextLength: number): Tensor {
  const { name, type, shape } = claim;
  const elements =
    binarySize === undefined ? decodeJson(claim, data, maxTextLength) : decodeBinary(claim, bytes, maxTextLength);
  const tensor = { name, type, shape, data: elements };
  checkData(tensor);
  return tensor;
}
