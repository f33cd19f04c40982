export { InferenceModule } from './inference.module.js';
export type * from './models.generated.js';
