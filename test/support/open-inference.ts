import type { ClientResponse, Client } from './client.js';

/** An input of the iris model with its data in JSON; `BYTES` is the same data in binary. */
export const FLOWER = { name: 'input', shape: [1, 4], datatype: 'FP32', data: [5.9, 3, 5.1, 1.8] };
export const BYTES = Buffer.from(Float32Array.of(5.9, 3, 5.1, 1.8).buffer);
export const INFER = '/v2/models/iris/infer';
/** Number of bytes of JSON at the start of a body. */
export const JSON_LENGTH = 'inference-header-content-length';

/** Sends JSON followed by binary data. */
export function inferBinary(client: Client, request: object, binary: Uint8Array): Promise<ClientResponse> {
  const json = Buffer.from(JSON.stringify(request));
  const raw = Buffer.concat([json, binary]);
  return client.request('POST', INFER, { raw, headers: { [JSON_LENGTH]: String(json.length) } });
}

export function expectError(response: ClientResponse, status: number, message: RegExp | string = ''): void {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.body).toEqual({ error: expect.stringMatching(message) });
}
