import type { ClientResponse, Client } from './client.js';

/** An input of the iris model, its data in JSON and as binary data. */
export const FLOWER = { name: 'input', shape: [1, 4], datatype: 'FP32', data: [5.9, 3, 5.1, 1.8] };
export const BYTES = Buffer.from(Float32Array.of(5.9, 3, 5.1, 1.8).buffer);
export const INFER = '/v2/models/iris/infer';
/** Tells how many bytes of a body are JSON. */
export const JSON_LENGTH = 'inference-header-content-length';

/** Sends JSON, and then binary data. */
export function inferBinary(client: Client, request: object, binary: Uint8Array): Promise<ClientResponse> {
  const json = Buffer.from(JSON.stringify(request));
  const raw = Buffer.concat([json, binary]);
  return client.request('POST', INFER, { raw, headers: { [JSON_LENGTH]: String(json.length) } });
}

export function expectError(answer: ClientResponse, status: number, message: RegExp | string = ''): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.body).toEqual({ error: expect.stringMatching(message) });
}
