import { MalformedRequestError } from '../platform/http/index.js';
import { InvalidTensorError, type Signature } from '../serving/index.js';
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

/** An output to return. */
export interface RequestedOutput {
  readonly name: string;
  readonly isBinary: boolean;
  /** Number of top classes to return in place of the tensor. */
  readonly classes?: number;
}

/** Every output of the model, in the order of its signature. */
export function allOutputs({ outputs }: Signature, isBinary: boolean): RequestedOutput[] {
  return outputs.map(({ name }) => ({ name, isBinary }));
}

/**
 * The outputs that a request names, in its order; all outputs where it names none.
 *
 * @throws MalformedRequestError, InvalidTensorError
 */
export function readRequestedOutputs(
  request: JsonObject,
  isBinaryByDefault: boolean,
  signature: Signature,
): RequestedOutput[] {
  const requested = isAbsent(request.outputs) ? [] : requireArray(request, 'outputs');
  if (requested.length === 0) return allOutputs(signature, isBinaryByDefault);
  const seen = new Set<string>();
  return requested.map((value, index) => {
    const output = readOutput(requireObject(value, `The output at ${index}`), isBinaryByDefault, signature);
    if (seen.has(output.name)) throw new InvalidTensorError(`The output "${output.name}" is requested twice.`);
    seen.add(output.name);
    return output;
  });
}

function readOutput(requested: JsonObject, isBinaryByDefault: boolean, { outputs }: Signature): RequestedOutput {
  const name = readString(requested, 'name');
  const declared = outputs.find((candidate) => candidate.name === name);
  if (!declared) {
    const names = outputs.map((candidate) => `"${candidate.name}"`).join(', ');
    throw new InvalidTensorError(`A requested output is none of the model's; it has ${names}.`);
  }
  const parameters = readParameters(requested, 'An output');
  rejectSharedMemory(parameters);
  const classes = readNonNegativeInteger(parameters, 'classification') ?? 0;
  if (classes > 0 && declared.type === 'string') {
    throw new MalformedRequestError(`"${declared.name}" holds texts, which cannot be ranked as classes.`);
  }
  return {
    name: declared.name,
    isBinary: readBoolean(parameters, 'binary_data') ?? isBinaryByDefault,
    ...(classes > 0 ? { classes } : {}),
  };
}
