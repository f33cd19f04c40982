export { ModelPagesModule } from './model-pages.module.js';
