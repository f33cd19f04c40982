import { FRESH_MINUTES } from '../identity/auth.guard.js';
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

/** What a visitor is told before they log in, by the word in the address. */
const REASONS = {
  fresh: `Log in again, and repeat what you did: it needs a password given within the last ${FRESH_MINUTES} minutes.`,
  logout: 'You are logged out.',
  withdrawn: 'You have withdrawn: your account is gone.',
} as const;
const ENDED = 'Your session is over. Log in again.';

type LoginReason = keyof typeof REASONS;

interface LoginPage {
  readonly isMember: boolean;
  /** Where to go to afterwards. */
  readonly next: string | undefined;
  readonly reason: unknown;
  /** Whether the visitor brings a session that is over. */
  readonly hasEnded: boolean;
  /** Whether the page came in the clear where that will not do. */
  readonly lacksTls: boolean;
  readonly sent?: FormSubmission;
}

/** @param next where to go to afterwards */
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
  // Not "email": browsers rewrite what they take for one, and a name in another script would be another address.
  attributes: { autocomplete: 'username', inputmode: 'email', autocapitalize: 'none', spellcheck: 'false' },
};
const FIELDS: readonly FormField[] = [
  EMAIL,
  { name: 'password', label: 'Password', type: 'password', attributes: { autocomplete: 'current-password' } },
];

export function loginPage(content: LoginPage): string {
  const { isMember, next, sent } = content;
  return renderPage({
    title: `${sent ? 'Error: ' : ''}Log in – Barista`,
    styles: ['forms.css'],
    path: '/login',
    isMember,
    content: html`<div class="narrow">
      ${errorSummary(formErrors(FIELDS, sent))}
      <h1>Log in</h1>
      ${when(sent === undefined, reasonFor(content))} ${when(content.lacksTls, NEEDS_TLS)}
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

function reasonFor({ isMember, reason, hasEnded }: LoginPage): Html {
  const known = Object.entries(REASONS).find(([word]) => word === reason)?.[1];
  if (known !== undefined) return notice(known);
  if (hasEnded) return notice(ENDED);
  return when(isMember, notice('You are logged in. Logging in here ends that session, and begins another one.'));
}
