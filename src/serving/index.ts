export type { GoneSignal, Priority } from './caller.js';
export { ImageDecoder, UnusableImageError, type Waiter } from './images/image-decoder.js';
export { type ImageInput, shapeOfImage } from './images/image-input.js';
export {
  exampleOf,
  type Feature,
  type ImageFormat,
  type Manifest,
  type OutputMapping,
  type VersionEntry,
} from './manifest/manifest.js';
export { readManifest } from './manifest/read-manifest.js';
export { formatManifest, syncFolder, writeManifest, writeSynced } from './manifest/write-manifest.js';
export type { Prediction } from './pipeline/respond.js';
export { isClose, mismatch, trialRows } from './pipeline/self-test.js';
export type { Batching } from './repository/load-version.js';
export { ModelStore } from './repository/model-store.js';
export { ModelVersion } from './repository/model-version.js';
export { Model } from './repository/model.js';
export { runtimeOptionsOf } from './repository/runtime-options-of.js';
export { fileInStore, MODEL_NAME, type ModelFolder, scanModels, VERSION } from './repository/scan-models.js';
export { type ModelFiles, pinsOf, readModelFiles } from './runtime/model-files.js';
export {
  AnswerNotFiniteError,
  ClientGoneError,
  DeadlineError,
  ModelNotReadyError,
  TooManyElementsError,
  TooManyRowsError,
  VersionNotReadyError,
  WrongTensorError,
} from './serving.errors.js';
export { ServingSettings } from './serving.settings.js';
export { checkClaims, checkData, type TensorClaim } from './signature/check-feeds.js';
export { ELEMENT_RULES } from './signature/element-rules.js';
export { fromHalf, toHalf } from './signature/float16.js';
export { inputSchema, type JsonSchema, outputSchema } from './signature/json-schema.js';
export { type CheckedRow, type InputLimits, RowCheck } from './signature/row-check.js';
export { countsRows, type RowField, type RowSchema } from './signature/row-schema.js';
export {
  allocate,
  ELEMENT_TYPES,
  type ElementType,
  type Signature,
  sizeOf,
  type Tensor,
  type TensorData,
  type TensorSignature,
  unnamedDimension,
} from './signature/tensor.js';
export { VersionRecorder } from './stats/version-recorder.js';
export { ServingModule } from './serving.module.js';
