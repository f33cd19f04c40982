export { configureHome } from './configure-home.js';
export { HomeModule } from './home.module.js';
