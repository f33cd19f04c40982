import type { Tensor } from '../serving/index.js';
import { encodeBinary } from './binary-tensors.js';
import { datatypeOf } from './datatypes.js';
import { encodeJson } from './json-tensors.js';

/** The members of a response beside its outputs. */
export interface ResponseMetadata {
  readonly model: string;
  readonly version: string;
  /** The request's. */
  readonly id?: string;
}

export interface InferOutput {
  readonly tensor: Tensor;
  readonly isBinary: boolean;
}

/** A body: JSON, and the binary tensors that follow it. */
export interface InferResponse {
  readonly json: string;
  readonly binaries: readonly Buffer[];
}

/** Encodes a response. The data of each output is in the JSON or, where the client has asked for it, follows as binary. */
export function encodeInferResponse(
  { model, version, id }: ResponseMetadata,
  outputs: readonly InferOutput[],
): InferResponse {
  const binaries: Buffer[] = [];
  const encoded = outputs.map(({ tensor, isBinary }) => {
    if (!isBinary) return `{${encodeMetadata(tensor)},"data":${encodeJson(tensor)}}`;
    const bytes = encodeBinary(tensor);
    binaries.push(bytes);
    return `{${encodeMetadata(tensor)},"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  const idMember = id === undefined ? '' : `"id":${JSON.stringify(id)},`;
  const head = `{${idMember}"model_name":${JSON.stringify(model)},"model_version":${JSON.stringify(version)}`;
  return { json: `${head},"outputs":[${encoded.join(',')}]}`, binaries };
}

function encodeMetadata({ name, type, shape }: Tensor): string {
  return `"name":${JSON.stringify(name)},"datatype":"${datatypeOf(type)}","shape":[${shape.join(',')}]`;
}
