import {
  errorSummary,
  field,
  bindFields,
  type FormField,
  html,
  renderPage,
  formErrors,
  type FormSubmission,
  when,
} from '../../platform/pages/index.js';
import { EMAIL, loginPath, NEEDS_TLS, signupPath } from './login-page.js';

interface SignupPage {
  readonly isMember: boolean;
  readonly next: string | undefined;
  readonly lacksTls: boolean;
  readonly sent?: FormSubmission;
}

export const NEW_PASSWORD: FormField = {
  name: 'password',
  label: 'Password',
  type: 'password',
  hint: 'At least 8 characters, of any kind; 15 or more are better. A few unrelated words do well.',
  attributes: { autocomplete: 'new-password' },
};
const FIELDS: readonly FormField[] = [
  EMAIL,
  { name: 'name', label: 'Name', optional: true, attributes: { autocomplete: 'name' } },
  NEW_PASSWORD,
];

export function renderSignupPage({ isMember, next, lacksTls, sent }: SignupPage): string {
  return renderPage({
    title: `${sent ? 'Error: ' : ''}Sign up – Barista`,
    styles: ['forms.css'],
    path: '/signup',
    isMember,
    content: html`<div class="narrow">
      ${errorSummary(formErrors(FIELDS, sent))}
      <h1>Sign up</h1>
      ${when(lacksTls, NEEDS_TLS)}
      <form class="form" method="post" action="${signupPath(next)}" novalidate>
        ${bindFields(FIELDS, sent).map(field)}
        <button class="button" type="submit">Sign up</button>
      </form>
      <p>A member already? <a href="${loginPath(next)}">Log in</a></p>
    </div>`,
  });
}
