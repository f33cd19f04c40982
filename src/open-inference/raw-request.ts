import { MalformedRequestError } from '../platform/http/index.js';
import {
  checkTensorMetadata,
  checkTensorData,
  type InputLimits,
  type Signature,
  type TensorMetadata,
  type TensorSignature,
} from '../serving/index.js';
import { decodeBinary, decodeText } from './binary-tensors.js';
import { bytesPerElement } from './datatypes.js';
import type { InferCall } from './infer-call.js';
import { allOutputs } from './requested-outputs.js';

/**
 * A raw binary request: the body is the data of the model's one input, and every output is answered as binary data. Its
 * shape follows from how much data there is.
 */
export function readRawRequest(body: Buffer, signature: Signature, limits: InputLimits): InferCall {
  const [input, ...others] = signature.inputs;
  if (!input || others.length > 0) {
    throw new MalformedRequestError(`A raw request needs a model with one input; this has ${signature.inputs.length}.`);
  }
  const claim: TensorMetadata = { name: input.name, type: input.type, shape: shapeFor(input, body.length) };
  checkTensorMetadata([claim], signature, limits);
  const data =
    input.type === 'string'
      ? [decodeText(input.name, body, limits.textLength)]
      : decodeBinary(claim, body, limits.textLength);
  const tensor = { ...claim, data };
  checkTensorData(tensor);
  return { feeds: [tensor], outputs: allOutputs(signature, true) };
}

/** With two open dimensions, the first counts rows and there is one row; a text is always one. */
function shapeFor({ name, type, shape }: TensorSignature, bytes: number): number[] {
  const open = shape.flatMap((size, axis) => (typeof size === 'string' ? [axis] : []));
  const width = bytesPerElement(type);
  const isOneRow = width === undefined || (open.length === 2 && open[0] === 0);
  const unknown = isOneRow ? open.slice(1) : open;
  if (unknown.length > (width === undefined ? 0 : 1)) {
    throw new MalformedRequestError(`The shape of "${name}" cannot be told from its data: send it in a JSON header.`);
  }
  const known = shape.reduce<number>((size, next) => size * (typeof next === 'string' ? 1 : next), width ?? 1);
  return shape.map((size, axis) => {
    if (typeof size === 'number') return size;
    return unknown.includes(axis) ? Math.floor(bytes / known) : 1;
  });
}
