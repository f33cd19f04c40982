export { CurrentModel, ModelAccessGuard } from './access/model-access.guard.js';
export { type AccessDecision, ModelAccess } from './access/model-access.js';
export { InferenceModule } from './inference.module.js';
export { getModelToken, InjectModel } from './injection/inject-model.js';
export type { Model, PredictOptions } from './injection/model-client.js';
export {
  type Extra,
  extraColumns,
  ExtraParameter,
  hintAtExtra,
  inputNames,
  withoutExtra,
} from './inputs/extra-columns.js';
export { imageBodyContent } from './inputs/image.docs.js';
export { anyRowMemberSchemas } from './inputs/rows.docs.js';
export { decodeImageRow } from './inputs/image-inputs.js';
export {
  acceptsModelRows,
  inputTextFields,
  jsonRowsOf,
  parseRowOrInstances,
  type PredictionBody,
  type PredictionInput,
} from './inputs/prediction-input.js';
export { describeModel, summarizeModel } from './models/describe-model.js';
export { ModelDto, ModelSummaryDto, VersionDto } from './models/dto/model.dto.js';
export { schemasOf } from './models/model-schemas.js';
export { describeTimeLimits } from './models/time-limits.docs.js';
export { type ModelViews, ModelViewsRegistry } from './models/model-views.js';
export {
  Pipeline,
  type PipelineContext,
  type PipelineOptions,
  type ResponseContext,
} from './pipelines/pipeline.decorator.js';
export { PipelineRegistry, type RegisteredPipeline } from './pipelines/pipeline-registry.js';
export {
  type PredictionContext,
  type Predictions,
  PredictionsService,
  runPipeline,
  validateInput,
} from './predict/predictions.service.js';
export type * from './models.generated.js';
