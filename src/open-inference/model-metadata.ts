import {
  type Model,
  ModelNotReadyError,
  type ModelVersion,
  type Signature,
  type TensorSignature,
} from '../serving/index.js';
import { datatypeOf } from './datatypes.js';
import type { ModelMetadataDto, TensorMetadataDto } from './dto/metadata.dto.js';

/** As Triton calls ONNX Runtime; the protocol's own list of platforms has another name for it. */
const TRITON_PLATFORM = 'onnxruntime_onnx';
const PROTOCOL_PLATFORM = 'onnx_onnxv1';

/** What a model takes and answers, as the protocol describes tensors. */
export function metadataOf(model: Model, version: ModelVersion): ModelMetadataDto {
  const { inputs, outputs } = signatureOf(model, version);
  return {
    name: model.name,
    versions: readyVersions(model),
    platform: PROTOCOL_PLATFORM,
    inputs: inputs.map(describe),
    outputs: outputs.map(describe),
  };
}

/** The same as Triton's model configuration has it: there a batch's own dimension is left out. */
export function configOf(model: Model, version: ModelVersion): object {
  const { inputs, outputs } = signatureOf(model, version);
  const { batching, manifest } = version;
  const isBatched = batching?.enabled === true;
  const maxWaitMs = manifest.batching === false ? 0 : (manifest.batching?.maxWaitMs ?? 0);
  const tensor = ({ name, type, shape }: TensorSignature): object => ({
    name,
    data_type: `TYPE_${type === 'string' ? 'STRING' : datatypeOf(type)}`,
    dims: openAsMinusOne(isBatched ? shape.slice(1) : shape),
  });
  return {
    name: model.name,
    platform: TRITON_PLATFORM,
    backend: 'onnxruntime',
    version_policy: { latest: { num_versions: readyVersions(model).length } },
    max_batch_size: isBatched ? batching.maxBatchSize : 0,
    input: inputs.map(tensor),
    output: outputs.map(tensor),
    instance_group: [{ name: model.name, kind: 'KIND_CPU', count: 1 }],
    default_model_filename: 'model.onnx',
    ...(isBatched ? { dynamic_batching: { max_queue_delay_microseconds: maxWaitMs * 1000 } } : {}),
  };
}

function signatureOf(model: Model, version: ModelVersion): Signature {
  if (version.signature) return version.signature;
  throw new ModelNotReadyError(`${model.name}/${version.version}`, version.state);
}

/** Oldest first. */
function readyVersions({ versions }: Model): string[] {
  return versions.flatMap(({ state, version }) => (state === 'ready' ? [version] : [])).reverse();
}

function describe({ name, type, shape }: TensorSignature): TensorMetadataDto {
  return { name, datatype: datatypeOf(type), shape: openAsMinusOne(shape) };
}

function openAsMinusOne(shape: TensorSignature['shape']): number[] {
  return shape.map((size) => (typeof size === 'string' ? -1 : size));
}
