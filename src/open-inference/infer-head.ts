import { MalformedRequestError, parseJsonExactly } from '../platform/http/index.js';
import {
  checkTensorMetadata,
  type InputLimits,
  type Signature,
  type TensorMetadata,
  InvalidTensorError,
} from '../serving/index.js';
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
import { readRequestedOutputs, type RequestedOutput } from './requested-outputs.js';

/** What one input says of itself, and where its data is. */
export interface InputClaim extends TensorMetadata {
  readonly data: unknown;
  readonly binarySize: number | undefined;
}

/** The JSON of an inference request, checked against the model but for the data. */
export interface InferHead {
  readonly id?: string;
  readonly outputs: readonly RequestedOutput[];
  readonly claims: readonly InputClaim[];
  /** Bytes that are to follow the JSON. */
  readonly binarySize: number;
  /** How long this caller waits; undefined for as long as anybody does. */
  readonly timeoutMs?: number;
}

/** @throws MalformedRequestError, InvalidTensorError, TooManyElementsError, TooManyRowsError */
export function readInferHead(json: Buffer, signature: Signature, limits: InputLimits): InferHead {
  const request = objectOf(parseJsonExactly(json), 'The request');
  const parameters = parametersOf(request, 'The request');
  refuseSequence(parameters);
  const timeout = wholeNumberOf(parameters, 'timeout');
  const id = textOf(request, 'id');
  const outputs = readRequestedOutputs(request, flagOf(parameters, 'binary_data_output') ?? false, signature);
  const claims = arrayOf(request, 'inputs').map(readClaim);
  checkTensorMetadata(claims, signature, limits);
  return {
    id,
    outputs,
    claims,
    binarySize: claims.reduce((total, claim) => total + (claim.binarySize ?? 0), 0),
    // In microseconds; none where it is 0, as for Triton.
    timeoutMs: timeout ? timeout / 1000 : undefined,
  };
}

function refuseSequence({ sequence_id: id = 0 }: JsonObject): void {
  if (id === 0 || id === '') return;
  throw new MalformedRequestError('Sequences are not served here: no model keeps a state between requests.');
}

function readClaim(value: unknown, index: number): InputClaim {
  const what = `The input at ${index}`;
  const input = objectOf(value, what);
  const name = textOf(input, 'name');
  if (name === undefined) throw new MalformedRequestError(`${what} must have a name.`);
  const { datatype, shape, data } = input;
  if (!isDatatype(datatype)) {
    throw new InvalidTensorError(`The datatype of ${what.toLowerCase()} must be one of ${ALL_DATATYPES.join(', ')}.`);
  }
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size))) {
    throw new InvalidTensorError(`The shape of ${what.toLowerCase()} must be an array of integers.`);
  }
  const parameters = parametersOf(input, what);
  refuseSharedMemory(parameters);
  const binarySize = wholeNumberOf(parameters, 'binary_data_size');
  if ((data === undefined) === (binarySize === undefined)) {
    throw new MalformedRequestError(`${what} must have either "data" or the parameter binary_data_size.`);
  }
  return { name, type: elementTypeOf(datatype), shape, data, binarySize };
}
