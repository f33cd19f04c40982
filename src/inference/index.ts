export { InferenceModule } from './inference.module.js';
export { getModelToken, InjectModel } from './injection/inject-model.js';
export type { Model, PredictOptions } from './injection/model-client.js';
export {
  type AnswerContext,
  Pipeline,
  type PipelineContext,
  type PipelineOptions,
} from './pipelines/pipeline.decorator.js';
export type * from './models.generated.js';
