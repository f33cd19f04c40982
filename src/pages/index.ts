export { configurePages } from './configure-pages.js';
export { errorSummary, field, type FormError, type FormField, notice, time } from './form.js';
export { type Html, html, when } from './html.js';
export { type PageContent, page } from './page.js';
