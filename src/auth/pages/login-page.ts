import { FRESH_SESSION_MINUTES } from '../identity/auth.guard.js';
import {
  errorSummary,
  field,
  bindFields,
  type FormField,
  html,
  type Html,
  notice,
  renderPage,
  formErrors,
  type FormSubmission,
  when,
} from '../../platform/pages/index.js';

/** Messages by the query parameter `reason`. */
const REASONS = {
  fresh: `Log in again, and repeat what you did: it needs a password given within the last ${FRESH_SESSION_MINUTES} minutes.`,
  logout: 'You are logged out.',
  withdrawn: 'You have withdrawn: your account is gone.',
} as const;
const SESSION_EXPIRED = 'Your session is over. Log in again.';

type LoginReason = keyof typeof REASONS;

interface LoginPage {
  readonly isMember: boolean;
  /** Path to go to after the login. */
  readonly next: string | undefined;
  readonly reason: unknown;
  /** Whether the request has a session cookie that is no longer valid. */
  readonly hasExpired: boolean;
  /** Whether logins need TLS, and the request came without. */
  readonly lacksTls: boolean;
  readonly sent?: FormSubmission;
}

/** @param next path to go to after the login */
export function loginPath(next?: string, reason?: LoginReason): string {
  return withQuery('/login', { next, reason });
}

export function signupPath(next?: string): string {
  return withQuery('/signup', { next });
}

function withQuery(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

export const EMAIL: FormField = {
  name: 'email',
  label: 'E-mail',
  // The type is not "email": browsers convert international domain names in such fields, which changes the address.
  attributes: { autocomplete: 'username', inputmode: 'email', autocapitalize: 'none', spellcheck: 'false' },
};
const FIELDS: readonly FormField[] = [
  EMAIL,
  { name: 'password', label: 'Password', type: 'password', attributes: { autocomplete: 'current-password' } },
];

export function renderLoginPage(content: LoginPage): string {
  const { isMember, next, sent } = content;
  return renderPage({
    title: `${sent ? 'Error: ' : ''}Log in – Barista`,
    styles: ['forms.css'],
    path: '/login',
    isMember,
    content: html`<div class="narrow">
      ${errorSummary(formErrors(FIELDS, sent))}
      <h1>Log in</h1>
      ${when(sent === undefined, reasonNotice(content))} ${when(content.lacksTls, NEEDS_TLS)}
      <form class="form" method="post" action="${loginPath(next)}" novalidate>
        ${bindFields(FIELDS, sent).map(field)}
        <button class="button" type="submit">Log in</button>
      </form>
      <p>No account yet? <a href="${signupPath(next)}">Sign up</a></p>
    </div>`,
  });
}

export const NEEDS_TLS = notice(
  'This page did not come over HTTPS, and logging in needs it: the session cookie is Secure. Open it with https://. ' +
    'Where a proxy ends TLS, its operator has to set TRUST_PROXY.',
  'bad',
);

function reasonNotice({ isMember, reason, hasExpired }: LoginPage): Html {
  const message = Object.entries(REASONS).find(([name]) => name === reason)?.[1];
  if (message !== undefined) return notice(message);
  if (hasExpired) return notice(SESSION_EXPIRED);
  return when(isMember, notice('You are logged in. Logging in here ends that session, and begins another one.'));
}
