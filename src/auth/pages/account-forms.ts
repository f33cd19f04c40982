import {
  field,
  bindFields,
  type FormField,
  type Html,
  html,
  type FormSubmission,
  when,
} from '../../platform/pages/index.js';
import { KEY_LIFETIMES } from './api-key-form.js';
import { NEW_PASSWORD } from './signup-page.js';

export type FormName = 'password' | 'api-key' | 'withdrawal';

interface AccountForm {
  readonly action: string;
  readonly description: string;
  readonly fields: readonly FormField[];
  readonly button: string;
  readonly isDangerous?: boolean;
}

const CURRENT_PASSWORD = { type: 'password', attributes: { autocomplete: 'current-password' } };

/** The forms of the account page. Fields of the same name have different ids. */
export const FORMS: Readonly<Record<FormName, AccountForm>> = {
  password: {
    action: '/account/password',
    description: 'A new password ends your other sessions; API keys go on.',
    fields: [
      { ...CURRENT_PASSWORD, name: 'currentPassword', label: 'Current password' },
      { ...NEW_PASSWORD, name: 'newPassword', label: 'New password' },
    ],
    button: 'Change password',
  },
  'api-key': {
    action: '/account/api-keys',
    description: '',
    fields: [
      { name: 'name', id: 'key-name', label: 'Name', hint: 'What it is for: the till at the counter, say.' },
      {
        name: 'lifetime',
        id: 'key-lifetime',
        label: 'Ends',
        choices: Object.entries(KEY_LIFETIMES).map(([value, { label }]) => [value, label] as const),
        value: 'never',
      },
    ],
    button: 'Make a key',
  },
  withdrawal: {
    action: '/account/withdrawal',
    description:
      'Your account, your sessions, your API keys, your jobs and your uploads are removed, and cannot be brought back. ' +
      'Menus of yours stay in the catalogue, without an owner.',
    fields: [{ ...CURRENT_PASSWORD, name: 'password', id: 'withdrawal-password', label: 'Password' }],
    button: 'Withdraw for good',
    isDangerous: true,
  },
};

/** A form with its description; with the submitted values and errors if its submission failed. */
export function formPanel(
  name: FormName,
  failed: { readonly form: FormName | undefined; readonly sent: FormSubmission } | undefined,
): Html {
  const { action, description, fields, button, isDangerous } = FORMS[name];
  const sent = failed?.form === name ? failed.sent : undefined;
  return html`${when(description !== '', html`<p>${description}</p>`)}
    <form class="form" method="post" action="${action}" novalidate>
      ${bindFields(fields, sent).map(field)}
      <button class="button ${isDangerous ? 'danger' : 'quiet'}" type="submit">${button}</button>
    </form>`;
}
