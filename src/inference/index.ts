export { ModelAccessGuard } from './access/model-access.guard.js';
export { type Admission, ModelAccess } from './access/model-access.js';
export { InferenceModule } from './inference.module.js';
export { getModelToken, InjectModel } from './injection/inject-model.js';
export type { Model, PredictOptions } from './injection/model-client.js';
export { imageContent } from './inputs/image.docs.js';
export { rowOfImage } from './inputs/items-of-images.js';
export {
  type Items,
  itemsOfModelPredict,
  type PredictionBody,
  takesForms,
  takesInstances,
} from './inputs/prediction-input.js';
export { textRowsOf } from './inputs/text-rows.js';
export { describeModel, summarize } from './models/describe-model.js';
export { ModelDto, ModelSummaryDto, VersionDto } from './models/dto/model.dto.js';
export { schemasOf } from './models/model-schemas.js';
export { type ModelViews, ModelViewsRegistry } from './models/model-views.js';
export {
  type AnswerContext,
  Pipeline,
  type PipelineContext,
  type PipelineOptions,
} from './pipelines/pipeline.decorator.js';
export { type FoundPipeline, Pipelines } from './pipelines/pipelines.service.js';
export { runPipeline } from './pipelines/run-pipeline.js';
export { type Predictions, PredictionsService } from './predict/predictions.service.js';
export { ClientGone, CurrentModel, type PredictionCall } from './predict/request.decorators.js';
export type * from './models.generated.js';
