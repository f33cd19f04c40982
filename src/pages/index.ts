export { configurePages } from './configure-pages.js';
export { type Html, html, when } from './html.js';
export { type PageContent, page } from './page.js';
