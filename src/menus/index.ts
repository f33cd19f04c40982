export { MenusModule } from './menus.module.js';
