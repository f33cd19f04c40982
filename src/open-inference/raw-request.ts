import { MalformedRequestError } from '../platform/http/index.js';
import {
  checkTensorData,
  checkTensorMetadata,
  type InputLimits,
  type InputPlan,
  type Signature,
  type TensorMetadata,
  type TensorSignature,
} from '../serving/index.js';
import { decodeBinary, decodeText } from './binary-tensors.js';
import { bytesPerElement } from './datatypes.js';
import type { InferRequest } from './infer-header.js';
import { allOutputs } from './requested-outputs.js';

/**
 * Parses a raw binary request: the body is the data of the model's only input, and its length determines the shape. Every
 * output is returned as binary data.
 *
 * @throws MalformedRequestError, InvalidTensorError, TooManyElementsError, TooManyRowsError
 */
export function parseRawRequest(
  body: Buffer,
  signature: Signature,
  limits: InputLimits,
  plans: readonly InputPlan[],
): InferRequest {
  const [input, ...others] = signature.inputs;
  if (!input || others.length > 0) {
    throw new MalformedRequestError(`A raw request needs a model with one input; this has ${signature.inputs.length}.`);
  }
  const metadata: TensorMetadata = { name: input.name, type: input.type, shape: inferShape(input, body.length) };
  checkTensorMetadata([metadata], signature, limits);
  const data =
    input.type === 'string'
      ? [decodeText(input.name, body, limits.textLength)]
      : decodeBinary(metadata, body, limits.textLength);
  const tensor = { ...metadata, data };
  checkTensorData(tensor, plans);
  return { feeds: [tensor], outputs: allOutputs(signature, true) };
}

/** Of two symbolic dimensions the first is the batch dimension, which is 1. The body is a single text where texts are taken. */
function inferShape({ name, type, shape }: TensorSignature, byteLength: number): number[] {
  const symbolic = shape.flatMap((size, axis) => (typeof size === 'string' ? [axis] : []));
  const width = bytesPerElement(type);
  const isOneRow = width === undefined || (symbolic.length === 2 && symbolic[0] === 0);
  const unknown = isOneRow ? symbolic.slice(1) : symbolic;
  if (unknown.length > (width === undefined ? 0 : 1)) {
    throw new MalformedRequestError(
      `The shape of "${name}" cannot be inferred from the length of its data: send it in a JSON header.`,
    );
  }
  const knownBytes = shape.reduce<number>((size, next) => size * (typeof next === 'string' ? 1 : next), width ?? 1);
  return shape.map((size, axis) => {
    if (typeof size === 'number') return size;
    return unknown.includes(axis) ? Math.floor(byteLength / knownBytes) : 1;
  });
}
