import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isWeakPassword } from '../../src/auth/members/weak-passwords.js';
import type { ClientResponse, Client } from '../support/client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const PACKAGE = '@zxcvbn-ts/language-common/src/passwords.json';
const UNCOMMON = 'a flat white, please';
/** Passwords that people use, most common first. */
const commonPasswords = JSON.parse(readFileSync(createRequire(import.meta.url).resolve(PACKAGE), 'utf8')) as string[];
const mostCommon = commonPasswords.filter((password) => [...password].length >= 8).slice(0, 3_000);

describe('new password', () => {
  let app: TestApp;
  let emails = 0;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  const newEmail = (): string => `newcomer-${(emails += 1)}@cafe.example`;
  const signUp = (password: string, email = newEmail()): Promise<ClientResponse> =>
    app.client().post('/auth/signup', { email, password });
  const change = (client: Client, currentPassword: string, newPassword: string): Promise<ClientResponse> =>
    client.post('/auth/password', { currentPassword, newPassword });
  const refusal = (field: string) => ({
    status: 422,
    body: {
      errors: [{ location: ['body', field], type: 'common', message: expect.stringMatching(/unrelated words/) }],
    },
  });

  it('must not be one of the 3,000 most common passwords', async () => {
    expect(mostCommon).toHaveLength(3_000);
    expect(mostCommon.filter((password) => !isWeakPassword(password))).toEqual([]);
    for (const password of mostCommon.filter((_, index) => index % 100 === 0)) {
      expect(await signUp(password)).toMatchObject(refusal('password'));
    }
  });

  it.each([
    ['in capitals', 'BaseBall'],
    ['in wide letters', 'ｂａｓｅｂａｌｌ'],
    ['with a long s', 'baſeball'],
    ['between spaces', ' baseball  '],
  ])('must not be a common password %s', async (_, password) => {
    expect(await signUp(password)).toMatchObject(refusal('password'));
  });

  it.each(['ada.lovelace', 'Ada.Lovelace', 'ADA.LOVELACE@Cafe.Example'])(
    'must not be the e-mail address or its local part: %s',
    async (password) => {
      expect(await signUp(password, 'Ada.Lovelace@cafe.example')).toMatchObject(refusal('password'));
    },
  );

  it.each([
    ['unusual', '🍵🥐🥖🧁🍰🥛🥨🍪'],
    ['of 128 characters', '茶'.repeat(128)],
    ['of 1,024 characters', 'é🍵'.repeat(512)],
    ['with a common password in it', 'baseball in the rain'],
    ['with the local part of the e-mail in it', 'grace drinks flat white'],
  ])('may be a password %s', async (_, password) => {
    const email = `grace@${(emails += 1)}.example`;
    expect((await signUp(password, email)).status).toBe(201);
    expect((await app.client().post('/auth/login', { email, password })).status).toBe(200);
  });

  it('is validated by the same rules at a password change, which changes nothing if it is rejected', async () => {
    const client = app.client();
    const [email, password] = ['alan.turing@cafe.example', UNCOMMON];
    await signUp(password, email);
    await client.post('/auth/login', { email, password });
    for (const weak of ['baseball', 'Alan.Turing']) {
      expect(await change(client, password, weak)).toMatchObject(refusal('newPassword'));
    }
    expect((await app.client().post('/auth/login', { email, password })).status).toBe(200);
    expect((await change(client, password, 'alan drinks flat white')).status).toBe(204);
  });

  it('is rejected without revealing whether the current password was right', async () => {
    const client = app.client();
    await client.signUpAndLogIn();
    expect(await change(client, 'not the right one', 'baseball')).toMatchObject(refusal('newPassword'));
  });

  it('is validated only when it is set: a login with a common password is not rejected as weak', async () => {
    const response = await app.client().post('/auth/login', { email: newEmail(), password: 'baseball' });
    expect(response).toMatchObject({ status: 401, body: { code: 'auth.bad-credentials' } });
  });
});
