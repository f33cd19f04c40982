import { MalformedRequestError } from '../platform/http/index.js';
import { type Signature, InvalidTensorError } from '../serving/index.js';
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

/** How an output is to be answered. */
export interface RequestedOutput {
  readonly name: string;
  readonly isBinary: boolean;
  /** How many of its greatest values are asked for, instead of the tensor. */
  readonly classes?: number;
}

/** Every output of the model, in its order. */
export function allOutputs({ outputs }: Signature, isBinary: boolean): RequestedOutput[] {
  return outputs.map(({ name }) => ({ name, isBinary }));
}

/** The outputs that a request names, in its order; all where it names none. */
export function readRequestedOutputs(
  request: JsonObject,
  isBinaryByDefault: boolean,
  signature: Signature,
): RequestedOutput[] {
  const asked = request.outputs === undefined ? [] : arrayOf(request, 'outputs');
  if (asked.length === 0) return allOutputs(signature, isBinaryByDefault);
  const seen = new Set<string>();
  return asked.map((value, index) => {
    const output = readOutput(objectOf(value, `The output at ${index}`), isBinaryByDefault, signature);
    if (seen.has(output.name)) throw new InvalidTensorError(`The output "${output.name}" is asked for twice.`);
    seen.add(output.name);
    return output;
  });
}

function readOutput(asked: JsonObject, isBinaryByDefault: boolean, { outputs }: Signature): RequestedOutput {
  const name = textOf(asked, 'name');
  const known = outputs.find((candidate) => candidate.name === name);
  if (!known) {
    const names = outputs.map((candidate) => `"${candidate.name}"`).join(', ');
    throw new InvalidTensorError(`An output that is asked for is none of the model's; it has ${names}.`);
  }
  const parameters = parametersOf(asked, 'An output');
  refuseSharedMemory(parameters);
  const classes = wholeNumberOf(parameters, 'classification') ?? 0;
  if (classes > 0 && known.type === 'string') {
    throw new MalformedRequestError(`"${known.name}" holds texts: there is nothing in it to classify by.`);
  }
  return {
    name: known.name,
    isBinary: flagOf(parameters, 'binary_data') ?? isBinaryByDefault,
    ...(classes > 0 ? { classes } : {}),
  };
}
