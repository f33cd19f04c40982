export { OpenInferenceModule } from './open-inference.module.js';
