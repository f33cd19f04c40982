import type { Tensor } from '../serving/index.js';
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

/** JSON, and the binary tensors that follow it. */
export interface InferAnswer {
  readonly json: string;
  readonly binaries: readonly Buffer[];
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
  const own = id === undefined ? '' : `"id":${JSON.stringify(id)},`;
  const head = `{${own}"model_name":${JSON.stringify(model)},"model_version":${JSON.stringify(version)}`;
  return { json: `${head},"outputs":[${parts.join(',')}]}`, binaries };
}

function headOf({ name, type, shape }: Tensor): string {
  return `"name":${JSON.stringify(name)},"datatype":"${datatypeOf(type)}","shape":[${shape.join(',')}]`;
}
