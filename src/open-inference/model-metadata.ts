import {
  type Model,
  ModelNotReadyError,
  type ModelVersion,
  type Signature,
  type TensorSignature,
} from '../serving/index.js';
import { datatypeOf } from './datatypes.js';
import type { ModelMetadataDto, TensorMetadataDto } from './dto/metadata.dto.js';

/** Triton's name for ONNX Runtime. The protocol's list of platforms has another. */
const TRITON_PLATFORM = 'onnxruntime_onnx';
const PROTOCOL_PLATFORM = 'onnx_onnxv1';

/** Names, datatypes and shapes of a model's inputs and outputs, in the format of the protocol. */
export function metadataOf(model: Model, version: ModelVersion): ModelMetadataDto {
  const { inputs, outputs } = requireSignature(model, version);
  return {
    name: model.name,
    versions: readyVersions(model),
    platform: PROTOCOL_PLATFORM,
    inputs: inputs.map(tensorMetadata),
    outputs: outputs.map(tensorMetadata),
  };
}

/** The same in the format of Triton's model configuration, which omits the batch dimension. */
export function configOf(model: Model, version: ModelVersion): object {
  const { inputs, outputs } = requireSignature(model, version);
  const { batching, manifest } = version;
  const isBatched = batching?.enabled === true;
  const maxWaitMs = manifest.batching === false ? 0 : (manifest.batching?.maxWaitMs ?? 0);
  const tensorConfig = ({ name, type, shape }: TensorSignature): object => ({
    name,
    data_type: `TYPE_${type === 'string' ? 'STRING' : datatypeOf(type)}`,
    dims: toProtocolShape(isBatched ? shape.slice(1) : shape),
  });
  return {
    name: model.name,
    platform: TRITON_PLATFORM,
    backend: 'onnxruntime',
    version_policy: { latest: { num_versions: readyVersions(model).length } },
    max_batch_size: isBatched ? batching.maxBatchSize : 0,
    input: inputs.map(tensorConfig),
    output: outputs.map(tensorConfig),
    instance_group: [{ name: model.name, kind: 'KIND_CPU', count: 1 }],
    default_model_filename: 'model.onnx',
    ...(isBatched ? { dynamic_batching: { max_queue_delay_microseconds: maxWaitMs * 1000 } } : {}),
  };
}

function requireSignature(model: Model, version: ModelVersion): Signature {
  if (version.signature) return version.signature;
  throw new ModelNotReadyError(`${model.name}/${version.version}`, version.state);
}

/** Oldest first. */
function readyVersions({ versions }: Model): string[] {
  return versions.flatMap(({ state, version }) => (state === 'ready' ? [version] : [])).reverse();
}

function tensorMetadata({ name, type, shape, hasUnknownRank }: TensorSignature): TensorMetadataDto {
  // The protocol has no word for any number of dimensions.
  return { name, datatype: datatypeOf(type), shape: hasUnknownRank ? [-1] : toProtocolShape(shape) };
}

/** A symbolic dimension is -1. */
function toProtocolShape(shape: TensorSignature['shape']): number[] {
  return shape.map((size) => (typeof size === 'string' ? -1 : size));
}
