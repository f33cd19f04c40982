export { configurePages } from './configure-pages.js';
export { HTML_MEDIA_TYPE, renderErrorPage, toFormattedError } from './error-page.js';
export { ErrorPages } from './error-pages.js';
export { errorSummary, field, type FormError, type FormField, notice, relabel, time } from './form.js';
export { type Html, html, when } from './html.js';
export { type PageContent, renderPage } from './page.js';
export { PagesModule } from './pages.module.js';
export { bindFields, formErrors, type FormSubmission } from './form-submission.js';
export { type Table, table } from './table.js';
