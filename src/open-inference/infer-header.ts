import { MalformedRequestError, parseJsonExactly } from '../platform/http/index.js';
import {
  checkTensorMetadata,
  type InputLimits,
  InvalidTensorError,
  type Signature,
  type Tensor,
  type TensorMetadata,
} from '../serving/index.js';
import { ALL_DATATYPES, elementTypeOf, isDatatype } from './datatypes.js';
import {
  isAbsent,
  type JsonObject,
  readBoolean,
  readNonNegativeInteger,
  readParameters,
  readString,
  rejectSharedMemory,
  requireArray,
  requireObject,
} from './json-fields.js';
import { readRequestedOutputs, type RequestedOutput } from './requested-outputs.js';

interface InferOptions {
  readonly id?: string;
  readonly outputs: readonly RequestedOutput[];
  /** Timeout of this request; undefined for DEADLINE_MS. */
  readonly timeoutMs?: number;
}

/** An inference request, checked against the model. */
export interface InferRequest extends InferOptions {
  readonly feeds: readonly Tensor[];
}

/** One input in the JSON: its metadata and either its data or the size of its binary data. */
export interface InputHeader extends TensorMetadata {
  readonly data: unknown;
  readonly binarySize: number | undefined;
}

/** The JSON of an inference request. All but the data has been checked against the model. */
export interface InferHeader extends InferOptions {
  readonly inputs: readonly InputHeader[];
  /** Bytes of binary data after the JSON. */
  readonly binarySize: number;
}

/** @throws MalformedRequestError, InvalidTensorError, TooManyElementsError, TooManyRowsError */
export function parseInferHeader(json: Buffer, signature: Signature, limits: InputLimits): InferHeader {
  const request = requireObject(parseJsonExactly(json), 'The request');
  const parameters = readParameters(request, 'The request');
  rejectSequence(parameters);
  const timeoutUs = readNonNegativeInteger(parameters, 'timeout');
  const id = readString(request, 'id');
  const outputs = readRequestedOutputs(request, readBoolean(parameters, 'binary_data_output') ?? false, signature);
  const inputs = requireArray(request, 'inputs').map(readInput);
  checkTensorMetadata(inputs, signature, limits);
  return {
    id,
    outputs,
    inputs,
    binarySize: inputs.reduce((total, input) => total + (input.binarySize ?? 0), 0),
    // 0 means no timeout, as for Triton.
    timeoutMs: timeoutUs ? timeoutUs / 1000 : undefined,
  };
}

function rejectSequence({ sequence_id: id }: JsonObject): void {
  if (isAbsent(id) || id === 0 || id === '') return;
  throw new MalformedRequestError('Sequences are not served here: no model keeps a state between requests.');
}

function readInput(value: unknown, index: number): InputHeader {
  const label = `The input at ${index}`;
  const input = requireObject(value, label);
  const name = readString(input, 'name');
  if (name === undefined) throw new MalformedRequestError(`${label} must have a name.`);
  const { datatype, shape } = input;
  const data = input.data ?? undefined;
  if (!isDatatype(datatype)) {
    throw new InvalidTensorError(`The datatype of ${label.toLowerCase()} must be one of ${ALL_DATATYPES.join(', ')}.`);
  }
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size))) {
    throw new InvalidTensorError(`The shape of ${label.toLowerCase()} must be an array of integers.`);
  }
  const parameters = readParameters(input, label);
  rejectSharedMemory(parameters);
  const binarySize = readNonNegativeInteger(parameters, 'binary_data_size');
  if ((data === undefined) === (binarySize === undefined)) {
    throw new MalformedRequestError(`${label} must have either "data" or the parameter binary_data_size.`);
  }
  return { name, type: elementTypeOf(datatype), shape, data, binarySize };
}
