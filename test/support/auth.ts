import { request as send } from 'node:http';
import { UnitOfWork } from '../../src/platform/database/index.js';
import type { Client } from './client.js';
import type { TestApp } from './test-app.js';

/** Logs an existing member in with another client; throws if the server refuses it. */
export async function logInAgain(client: Client, credentials: { email: string; password: string }): Promise<Client> {
  const { email, password } = credentials;
  const { status, text } = await client.post('/auth/login', { email, password });
  if (status !== 200) throw new Error(`Could not log in: ${text}`);
  return client;
}

/** The locations in the errors of a 422 response, such as `body.name`. */
export function invalidFields(body: { errors?: { location: unknown[] }[] }): string[] {
  return (body.errors ?? []).map(({ location }) => location.join('.'));
}

/**
 * Sends a request with the client's cookies, except for the last byte of its body, and resolves when the server processes it.
 * `finish` sends the rest, and resolves to the status.
 */
export async function startRequest(
  client: Client,
  method: string,
  path: string,
  json: object,
  further: Readonly<Record<string, string>> = {},
): Promise<{ finish(): Promise<number | undefined> }> {
  const text = JSON.stringify(json);
  const headers = {
    cookie: [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    expect: '100-continue',
    ...further,
  };
  const request = send(client.url + path, { method, headers });
  const status = new Promise<number | undefined>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
  });
  request.flushHeaders();
  await new Promise((resolve) => request.once('continue', resolve));
  request.write(text.slice(0, -1));
  return {
    finish: (): Promise<number | undefined> => {
      request.end(text.slice(-1));
      return status;
    },
  };
}

/** Runs SQL on the application's database. Not parameterized: tests insert only their own values. */
export function sql<T>({ app }: TestApp, text: string): Promise<T[]> {
  return app.get(UnitOfWork).run((manager) => manager.query<T[]>(text));
}

/** Number of rows, such as `countRows(app, 'session')`. */
export async function countRows(app: TestApp, from: string): Promise<number> {
  const [row] = await sql<{ n: number | string }>(app, `SELECT count(*) AS n FROM ${from}`);
  return Number(row?.n);
}
