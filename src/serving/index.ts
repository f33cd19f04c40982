/**
 * The engine: loads the models in a store and runs them. It knows nothing of HTTP routes, users and pages.
 *
 * Start with `ModelStore` to find a `Model`, `Model.use` to keep one of its versions loaded, and `ModelVersion.predict` or
 * `ModelVersion.infer` to run it. The command line uses `ModelVersion` without a store.
 */
export type { GoneSignal, Priority, TimedCaller } from './caller.js';
export { ImageDecoder } from './images/image-decoder.js';
export { type ImageInput, imageShape } from './images/image-input.js';
export { InvalidImageError } from './images/invalid-image.error.js';
export type {
  Access,
  Example,
  Feature,
  ImageFormat,
  Manifest,
  OutputMapping,
  VersionEntry,
} from './manifest/manifest.js';
export { readManifest } from './manifest/read-manifest.js';
export { exampleOf, manifestOfVersion } from './manifest/version-manifest.js';
export { formatManifest, syncFolder, writeManifest, writeSynced } from './manifest/write-manifest.js';
export type { Prediction } from './pipeline/respond.js';
export { findMismatch, isClose } from './pipeline/self-test.js';
export { formatReference, parseReference, parseReferenceJson, readReference } from './reference/read-reference.js';
export { InvalidReferenceError, type Reference, REFERENCE_FILE } from './reference/reference.js';
export { verifyReference } from './reference/verify-reference.js';
export { selfTestRows } from './pipeline/trial-rows.js';
export { type Batching, runtimeOptionsOf } from './repository/load-version.js';
export { ModelStore } from './repository/model-store.js';
export { ModelVersion } from './repository/model-version.js';
export { Model } from './repository/model.js';
export {
  describeNoVersion,
  findInStore,
  isModelName,
  isVersion,
  MODEL_NAME_RULE,
  type ModelFolder,
  resolveInStore,
  scanModels,
  VERSION_RULE,
} from './repository/scan-models.js';
export { type ModelFiles, pinsOf, readModelFiles } from './runtime/model-files.js';
export {
  ClientGoneError,
  DeadlineError,
  InputRejectedError,
  InvalidTensorError,
  ModelNotReadyError,
  NonFiniteOutputError,
  TooManyElementsError,
  TooManyRowsError,
  VersionNotReadyError,
} from './serving.errors.js';
export { ServingSettings } from './serving.settings.js';
export { CellRowReader } from './signature/cell-row-reader.js';
export { checkTensorData, checkTensorMetadata, type TensorMetadata } from './signature/check-tensors.js';
export { ELEMENT_RULES } from './signature/element-rules.js';
export { fromHalf, toHalf } from './signature/float16.js';
export { inferOutput } from './signature/infer-output.js';
export { inputSchema, type JsonSchema, toJsonSchema } from './signature/json-schema.js';
export { MissingElements } from './signature/missing-elements.js';
export { isRequired } from './signature/missing-values.js';
export { outputSchema } from './signature/output-schema.js';
export { resultNames } from './signature/result-names.js';
export { type CheckedRow, type InputLimits, RowCheck } from './signature/row-check.js';
export { isMissingText } from './signature/missing-values.js';
export { hasBatchDimension, type InputPlan, type RowField, type RowSchema } from './signature/row-schema.js';
export {
  allocate,
  type ClassValue,
  type ColumnHints,
  ELEMENT_TYPES,
  type ElementType,
  type Signature,
  sizeOf,
  type Tensor,
  type TensorData,
  type TensorSignature,
  unnamedDimension,
} from './signature/tensor.js';
export { ServingModule } from './serving.module.js';
export { VersionRecorder } from './stats/version-recorder.js';
