import { request as send } from 'node:http';
import type { Client } from './client.js';

/** Asks until the answer has this status: for what happens by itself after a while. */
export async function untilStatus(client: Client, path: string, status: number): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const answer = await client.get(path);
    if (answer.status === status) return;
    if (Date.now() > deadline) throw new Error(`${path} still answers ${answer.status}, not ${status}`);
  }
}

/** A second browser of the same member. */
export async function logInAgain(client: Client, credentials: { email: string; password: string }): Promise<Client> {
  const { email, password } = credentials;
  const { status, text } = await client.post('/auth/login', { email, password });
  if (status !== 200) throw new Error(`Could not log in: ${text}`);
  return client;
}

/** The locations that a 422 names. */
export function brokenFields(body: { errors?: { location: unknown[] }[] }): string[] {
  return (body.errors ?? []).map(({ location }) => location.join('.'));
}

/** A request with the client's cookies, all but the end of its body; `finish` sends that and answers the status. */
export function beginRequest(client: Client, method: string, path: string, json: object) {
  const text = JSON.stringify(json);
  const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { cookie, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  const request = send(client.url + path, { method, headers });
  const status = new Promise<number | undefined>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
  });
  request.write(text.slice(0, -1));
  return {
    finish: (): Promise<number | undefined> => {
      request.end(text.slice(-1));
      return status;
    },
  };
}
