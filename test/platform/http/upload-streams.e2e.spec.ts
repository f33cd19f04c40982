import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Controller, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { AcceptsBody, openUpload } from '../../../src/platform/http/index.js';
import type { ClientResponse, Client } from '../../support/client.js';
import { BOUNDARY, csvForm, MULTIPART, multipart, type Part } from '../../support/forms.js';
import { RawConnection } from '../../support/raw-http.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { until } from '../../support/until.js';

const CSV = { 'content-type': 'text/csv' };
const LIMIT = 1_000_000;

interface Received {
  readonly size: number;
  readonly sha256: string;
}

let opened = 0;
/** Errors of interrupted uploads, as seen by the handler. */
const failures: string[] = [];

/** Reads uploads as streams. */
@Controller('uploads')
class UploadsController {
  @Post()
  @AcceptsBody({ kinds: ['stream'], purpose: 'files' })
  async receive(@Req() request: Request): Promise<object> {
    const { mediaType, name, isFile, bytes } = await openUpload(request, LIMIT);
    opened += 1;
    return { mediaType, name, isFile, ...(await digest(bytes)) };
  }
}

async function digest(bytes: AsyncIterable<Buffer>): Promise<Received> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of bytes) {
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    failures.push((error as Error).message);
    throw error;
  }
  return { size, sha256: hash.digest('hex') };
}

describe('openUpload', () => {
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    app = await startTestApp({}, [UploadsController]);
    client = app.client();
  });

  afterAll(() => app.close());

  const send = (
    path: string,
    raw: string | Buffer | FormData,
    headers: Record<string, string> = {},
  ): Promise<ClientResponse> => client.request('POST', path, { raw, headers });
  const sendForm = (path: string, ...parts: Part[]): Promise<ClientResponse> => send(path, multipart(parts), MULTIPART);
  const content = 'a,b\n1,2\n'.repeat(50_000);
  const expected = { size: content.length, sha256: createHash('sha256').update(content).digest('hex') };

  it('streams a whole file from a form, from a raw body, and compressed', async () => {
    const file = { mediaType: 'text/csv', name: 'a.csv', isFile: true };
    expect((await send('/uploads', csvForm(content, 'x/a.csv'), MULTIPART)).body).toEqual({ ...file, ...expected });
    const headers = { ...MULTIPART, 'content-encoding': 'gzip' };
    expect((await send('/uploads', gzipSync(csvForm(content, 'a.csv')), headers)).body).toEqual({
      ...file,
      ...expected,
    });
    expect((await send('/uploads', content, CSV)).body).toEqual({ mediaType: 'text/csv', isFile: true, ...expected });
    const json = await send('/uploads', content, { 'content-type': 'application/json; charset=utf-8' });
    expect(json.body).toEqual({ mediaType: 'application/json', isFile: false, ...expected });
  });

  it('rejects an upload over the limit, before and after decompression', async () => {
    const large = 'x'.repeat(LIMIT + 100_000);
    const chunked = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const part of [large.slice(0, 600_000), large.slice(600_000)]) controller.enqueue(Buffer.from(part));
        controller.close();
      },
    });
    const statuses = [
      (await send('/uploads', large, CSV)).status,
      (await send('/uploads', csvForm(large), MULTIPART)).status,
      (await send('/uploads', gzipSync(large), { ...CSV, 'content-encoding': 'gzip' })).status,
      (
        await fetch(`${app.url}/uploads`, {
          method: 'POST',
          headers: CSV,
          body: chunked,
          duplex: 'half',
        } as RequestInit)
      ).status,
    ];
    expect(statuses).toEqual([413, 413, 413, 413]);
    expect((await send('/uploads', content, CSV)).status).toBe(201);
  });

  it.each([
    ['without a file', [], 422],
    [
      'with a field before the file',
      [
        { name: 'x', content: '1' },
        { name: 'file', filename: 'a', content: '2' },
      ],
      422,
    ],
    [
      'with a field after the file',
      [
        { name: 'file', filename: 'a', content: '2' },
        { name: 'x', content: '1' },
      ],
      422,
    ],
    ['with two files', Array(2).fill({ name: 'file', filename: 'a', content: '2' }), 422],
    ['with a file of another name', [{ name: 'data', filename: 'a', content: '2' }], 422],
  ])('rejects a form %s', async (_, parts: Part[], status) => {
    expect((await sendForm('/uploads', ...parts)).status).toBe(status);
  });

  it('rejects another media type, another content coding, and a malformed body', async () => {
    expect((await send('/uploads', 'x', { 'content-type': 'text/plain' })).status).toBe(415);
    for (const coding of ['zstd', 'gzip, gzip']) {
      expect((await send('/uploads', gzipSync(content), { ...CSV, 'content-encoding': coding })).status).toBe(415);
    }
    expect((await send('/uploads', 'x', { ...CSV, 'content-encoding': 'gzip' })).status).toBe(400);
    expect(
      (await send('/uploads', gzipSync(content).subarray(0, 500), { ...CSV, 'content-encoding': 'gzip' })).status,
    ).toBe(400);
    expect((await send('/uploads', csvForm(content).subarray(0, 1_000), MULTIPART)).status).toBe(400);
    expect((await send('/uploads', 'x', { 'content-type': 'multipart/form-data' })).status).toBe(400);
  });

  it('reports an error to the handler when the client disconnects, and accepts the next upload', async () => {
    const types = [MULTIPART['content-type'], 'text/csv'];
    for (const type of types) {
      const before = { opened, failed: failures.length };
      const connection = await RawConnection.open(app.url);
      const head = `POST /uploads HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 400000\r\n\r\n`;
      connection.send(head).send(csvForm(content).subarray(0, 100_000));
      await until('the upload is opened', () => opened > before.opened);
      connection.end();
      await until('the handler is told', () => failures.length > before.failed);
      expect(failures.at(-1)).toBe('The body did not arrive whole.');
    }
    expect((await send('/uploads', csvForm(content), MULTIPART)).status).toBe(201);
  });

  it('keeps the connection usable after it has rejected an upload half-way', async () => {
    const connection = await RawConnection.open(app.url);
    const body = csvForm(content).toString('latin1').replace('name="file"', 'name="data"');
    const head = `POST /uploads HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\n`;
    connection.send(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    connection.send('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await connection.waitForStatuses(2)).toEqual([422, 200]);
    connection.end();
  });
});
