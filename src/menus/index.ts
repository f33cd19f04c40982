export { MenuIdDto } from './dto/menu-id.dto.js';
export { MenuCatalogue, type MenuSummary } from './menu-catalogue.js';
export { MenusModule } from './menus.module.js';
