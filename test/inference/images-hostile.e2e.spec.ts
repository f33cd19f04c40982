import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import type { ClientResponse, Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { blackPng, compressedTextChunks, greyPng, imageForm } from '../support/images.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const MEGABYTE = 2 ** 20;

/** Interlaced, with 30 million pixels: slow, because it has to be decoded as a whole. */
function slowImage(): Promise<Buffer> {
  const create = { width: 6_000, height: 5_000, channels: 4, background: '#10203040' } as const;
  return sharp({ create }).png({ progressive: true, compressionLevel: 1 }).toBuffer();
}

function noise(): Sharp {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  return sharp({ create: { width: 200, height: 200, channels: 3, background: '#808080', noise } });
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2);
}

const NOT_AN_IMAGE = 'must be a PNG, JPEG or WebP image';
const UNDECODABLE = 'is damaged: it could not be decoded as a whole';
const UNREADABLE = 'is damaged: it could not be read as a whole';

describe('Invalid images', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  const HOSTILE: readonly (readonly [string, () => Buffer | Promise<Buffer>, string])[] = [
    ['an HTML file', () => Buffer.from('<!doctype html><title>photo.png</title>'), NOT_AN_IMAGE],
    ['an SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), NOT_AN_IMAGE],
    [
      'a GIF',
      () =>
        sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
          .gif()
          .toBuffer(),
      NOT_AN_IMAGE,
    ],
    ['a TIFF', () => noise().tiff().toBuffer(), NOT_AN_IMAGE],
    ['a PDF', () => Buffer.from('%PDF-1.4\n%%EOF'), NOT_AN_IMAGE],
    ['an empty file', () => Buffer.alloc(0), 'is empty; it must be a PNG, JPEG or WebP image'],
    ['a truncated JPEG', async () => half(await noise().jpeg().toBuffer()), UNDECODABLE],
    ['a JPEG without its last bytes', async () => (await noise().jpeg().toBuffer()).subarray(0, -200), UNDECODABLE],
    ['a truncated PNG', async () => half(await noise().png().toBuffer()), UNREADABLE],
    ['a truncated WebP', async () => half(await noise().webp().toBuffer()), UNDECODABLE],
    ['the first bytes of a JPEG', () => Buffer.from([0xff, 0xd8, 0xff, 0xe0]), UNDECODABLE],
    [
      'a PNG with fewer pixels than its header declares',
      () => greyPng(2_000, 2_000, deflateSync(Buffer.alloc(1_000))),
      UNDECODABLE,
    ],
    ['a PNG with uncompressed pixel data', () => greyPng(9, 9, Buffer.from('not compressed')), UNDECODABLE],
    ['a PNG of width 0', () => greyPng(0, 9, deflateSync(Buffer.alloc(9))), UNDECODABLE],
    [
      'a PNG of 50,000 × 50,000',
      () => greyPng(50_000, 50_000, deflateSync(Buffer.alloc(100 * MEGABYTE))),
      'has 50000 × 50000 pixels; at most 50000000 altogether are taken',
    ],
    [
      'a decompression bomb of zeros',
      () => blackPng(7_200, 7_000),
      'has 7200 × 7000 pixels; at most 50000000 altogether are taken',
    ],
  ];

  beforeAll(async () => {
    store = await TestModelStore.create();
    const manifest = { input: { image: { width: 4, height: 4 } }, batching: { maxBatchSize: 4 } };
    await store.add('picture', 'picture', { manifest });
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  async function send(...images: Buffer[]): Promise<ClientResponse> {
    return client.post('/models/picture/predict', undefined, imageForm(images));
  }

  it.each(HOSTILE)('such as %s are rejected with the reason', async (_, make, reason) => {
    const image = await make();
    const { status, body } = await send(image);
    const errors = [{ location: ['body', 'file'], type: 'image', message: `file ${reason}` }];
    expect({ status, code: body.code, errors: body.errors }).toEqual({ status: 422, code: 'request.invalid', errors });
    const headers = { 'content-type': 'image/png' };
    const raw = await client.post('/models/picture/predict', undefined, { raw: image, headers });
    expect({ status: raw.status, errors: raw.body.errors }).toEqual({ status: 422, errors });
  });

  it('are reported by their index among several files', async () => {
    const valid = await noise().png().toBuffer();
    const { status, body } = await send(valid, Buffer.alloc(0), valid, Buffer.from('<html>'));
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ location: ['body', 'file', 1] }, { location: ['body', 'file', 3] }]);
  });

  it('include files in another field, and forms without a file', async () => {
    const valid = await noise().png().toBuffer();
    const other = await client.post('/models/picture/predict', undefined, imageForm([valid], 'photo'));
    expect(other.body.errors).toMatchObject([{ location: ['body', 'photo'], type: 'unknown' }]);
    expect((await send()).status).toBe(422);
  });

  it('include more images than PREDICT_MAX_ROWS or PREDICT_MAX_ELEMENTS allow', async () => {
    const app = await startTestApp({ MODELS_DIR: store.path, PREDICT_MAX_ROWS: '2', PREDICT_MAX_ELEMENTS: '100' });
    const valid = await noise().png().toBuffer();
    const sendHere = async (images: Buffer[]): Promise<ClientResponse> =>
      app.client().post('/models/picture/predict', undefined, imageForm(images));
    expect((await sendHere([valid, valid, valid])).body).toMatchObject({ status: 413, code: 'predict.too-many-rows' });
    expect((await sendHere([valid, valid])).status).toBe(200);
    await app.close();
  });

  it('do not make the decoder inflate text chunks', async () => {
    const texts = compressedTextChunks(60, 7 * MEGABYTE);
    const before = process.memoryUsage().rss;
    const { status, body } = await send(blackPng(4, 4, texts));
    expect(status).toBe(200);
    expect(body.predictions[0].pixels).toEqual(Array(3).fill(Array(4).fill([0, 0, 0, 0])));
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MEGABYTE);
  });

  it('leak no memory', async () => {
    const images = await Promise.all(HOSTILE.map(async ([, make]) => make()));
    const sendAll = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        for (const image of images) expect((await send(image)).status).toBe(422);
      }
    };
    await sendAll(4);
    const before = process.memoryUsage().rss;
    await sendAll(Math.ceil(200 / images.length));
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * MEGABYTE);
  });

  it('fail with 504 where they take longer than the deadline', async () => {
    const app = await startTestApp({ MODELS_DIR: store.path, DEADLINE_MS: '300' });
    const form = imageForm(Array<Buffer>(20).fill(await slowImage()));
    const { body } = await app.client().post('/models/picture/predict', undefined, form);
    const detail = 'The prediction was not ready in time (DEADLINE_MS, or the timeout in the request).';
    expect(body).toMatchObject({ status: 504, code: 'model.deadline', detail });
    await app.close();
  });

  it('are rejected with 503 where IMAGE_QUEUE_CAPACITY others wait', async () => {
    const app = await startTestApp({ MODELS_DIR: store.path, IMAGE_QUEUE_CAPACITY: '1', DEADLINE_MS: '60000' });
    const form = imageForm([await slowImage()]);
    const sent = Array.from({ length: 8 }, () => app.client().post('/models/picture/predict', undefined, form));
    const responses = await Promise.all(sent);
    const rejected = responses.filter(({ status }) => status === 503);
    expect(rejected[0]?.body).toMatchObject({ code: 'predict.images-busy' });
    expect(rejected[0]?.headers.get('retry-after')).toBe('1');
    expect(responses.filter(({ status }) => status === 200).length + rejected.length).toBe(8);
    const { status } = await app.client().post('/models/picture/predict', undefined, imageForm([blackPng(4, 4)]));
    expect(status).toBe(200);
    await app.close();
  });
});
