export { configurePages } from './configure-pages.js';
export { asErrorAnswer, errorPage, HTML } from './error-page.js';
export { ErrorPages } from './error-pages.js';
export { errorSummary, field, type FormError, type FormField, notice, time } from './form.js';
export { type Html, html, when } from './html.js';
export { type PageContent, page } from './page.js';
export { PagesModule } from './pages.module.js';
export { filledIn, problemsIn, type SentForm } from './sent-form.js';
export { type Table, table } from './table.js';
