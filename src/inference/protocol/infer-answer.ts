import type { Tensor } from '../runtime/tensor.js';
import { encodeBinary } from './binary-tensors.js';
import { datatypeOf } from './datatypes.js';
import { encodeJson } from './json-tensors.js';

/** Whose answer it is. */
export interface AnswerHead {
  readonly model: string;
  readonly version: string;
  readonly id?: string;
}

export interface AnsweredOutput {
  readonly tensor: Tensor;
  readonly isBinary: boolean;
}

/** A body, and how much of it is JSON where binary tensors follow. */
export interface InferAnswer {
  readonly body: Buffer;
  readonly jsonLength?: number;
}

/** The answer to an inference request: JSON, and after it the outputs that were asked for as binary data. */
export function writeInferAnswer({ model, version, id }: AnswerHead, outputs: readonly AnsweredOutput[]): InferAnswer {
  const binaries: Buffer[] = [];
  const parts = outputs.map(({ tensor, isBinary }) => {
    if (!isBinary) return `{${headOf(tensor)},"data":${encodeJson(tensor)}}`;
    const bytes = encodeBinary(tensor);
    binaries.push(bytes);
    return `{${headOf(tensor)},"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  const head = JSON.stringify({ id, model_name: model, model_version: version }).slice(0, -1);
  const json = Buffer.from(`${head},"outputs":[${parts.join(',')}]}`);
  if (binaries.length === 0) return { body: json };
  return { body: Buffer.concat([json, ...binaries]), jsonLength: json.length };
}

function headOf({ name, type, shape }: Tensor): string {
  return `"name":${JSON.stringify(name)},"datatype":"${datatypeOf(type)}","shape":[${shape.join(',')}]`;
}
