import {
  type Html,
  html,
  notice,
  renderPage,
  formErrors,
  type FormSubmission,
  table,
  errorSummary,
  time,
  when,
} from '../../platform/pages/index.js';
import type { ApiKey } from '../entities/api-key.entity.js';
import type { Member } from '../entities/member.entity.js';
import type { Session } from '../entities/session.entity.js';
import { FORMS, type FormName, formPanel } from './account-forms.js';
import type { AccountSection } from './account-sections.js';
import { describeUserAgent } from './user-agent.js';

/** Success messages by the query parameter `done`. */
const DONE = {
  signup: 'Welcome: you are a member now.',
  password: 'Your password is changed, and your other sessions have ended.',
  session: 'That session has ended.',
  'api-key': 'That API key has ended: it opens nothing any more.',
} as const;

export type Done = keyof typeof DONE;

export interface AccountPage {
  readonly member: Member;
  readonly sessions: readonly Session[];
  /** Public id of the session of this request. */
  readonly currentId: string | undefined;
  readonly apiKeys: readonly ApiKey[];
  readonly sections: readonly AccountSection[];
  /** The query parameter `done`. */
  readonly done?: unknown;
  /** A key that was just created; shown only once. */
  readonly newKey?: string;
  /** The submission that failed, and its form. */
  readonly failed?: { readonly form: FormName | undefined; readonly sent: FormSubmission };
}

export function renderAccountPage(content: AccountPage): string {
  const { member, sections, failed } = content;
  return renderPage({
    title: `${failed ? 'Error: ' : ''}Your account – Barista`,
    styles: ['forms.css'],
    path: '/account',
    isMember: true,
    content: html`<div class="panels">
      ${summary(failed)}
      <h1>Your account</h1>
      ${when(failed === undefined, doneNotice(content))} ${memberFacts(member)}
      ${sections.map(({ title, content: own }) => panel(title, own))}
      ${panel('Where you are logged in', sessionTable(content))} ${panel('API keys', apiKeys(content))}
      ${panel('Password', formPanel('password', failed))} ${panel('Withdraw', formPanel('withdrawal', failed))}
    </div>`,
  });
}

function summary(failed: AccountPage['failed']): Html {
  return errorSummary(failed ? formErrors(failed.form ? FORMS[failed.form].fields : [], failed.sent) : []);
}

function doneNotice({ done, newKey }: AccountPage): Html {
  if (newKey !== undefined) return newKeyNotice(newKey);
  const message = Object.entries(DONE).find(([name]) => name === done)?.[1];
  return message === undefined ? html`` : notice(message, 'good');
}

function newKeyNotice(key: string): Html {
  return html`<div class="notice good" role="status">
    <h2>Your new API key</h2>
    <code class="secret">${key}</code>
    <p>Copy it now: it is shown this once. Send it as <code>Authorization: Bearer …</code></p>
  </div>`;
}

function panel(title: string, content: Html): Html {
  return html`<section class="panel">
    <h2>${title}</h2>
    ${content}
  </section>`;
}

function memberFacts({ email, name, role, createdAt }: Member): Html {
  return html`<dl class="facts panel">
    <dt>E-mail</dt>
    <dd>${email}</dd>
    <dt>Name</dt>
    <dd>${name ?? '–'}</dd>
    <dt>Role</dt>
    <dd>${role === 'admin' ? 'Administrator' : 'Member'}</dd>
    <dt>Member since</dt>
    <dd>${time(createdAt)}</dd>
  </dl>`;
}

function sessionTable({ sessions, currentId }: AccountPage): Html {
  const rows = sessions.map(({ id, userAgent, createdAt, lastSeenAt }) => {
    const device = describeUserAgent(userAgent);
    const target = `the session of ${device}, logged in ${createdAt.toISOString()}`;
    return [
      html`${device} ${when(id === currentId, html`<span class="badge">This one</span>`)}`,
      time(createdAt),
      time(lastSeenAt),
      endButton(`/account/sessions/${id}/end`, target),
    ];
  });
  return table({ label: 'Sessions', columns: ['Device', 'Logged in', 'Last seen'], rows });
}

function apiKeys(content: AccountPage): Html {
  const rows = content.apiKeys.map(({ id, name, createdAt, expiresAt, lastUsedAt }) => [
    html`${name}`,
    time(createdAt),
    expiresAt ? time(expiresAt) : NEVER,
    lastUsedAt ? time(lastUsedAt) : NEVER,
    endButton(`/account/api-keys/${id}/end`, `the API key ${name}, made ${createdAt.toISOString()}`),
  ]);
  return html`<p>A key lets a program do what you may do, without your password.</p>
    ${when(rows.length > 0, table({ label: 'API keys', columns: ['Name', 'Made', 'Ends', 'Last used'], rows }))}
    ${formPanel('api-key', content.failed)}`;
}

const NEVER = html`Never`;

/** @param target what the button ends, for screen readers */
function endButton(action: string, target: string): Html {
  return html`<form method="post" action="${action}">
    <button class="button quiet small" type="submit">End<span class="visually-hidden"> ${target}</span></button>
  </form>`;
}
