import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import type { ClientResponse, Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { blackPng, formOf, inflatingTexts, pngOf } from '../support/pictures.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const MEGABYTE = 2 ** 20;

/** Has to be decoded as a whole, which takes long: 30 million pixels. */
function slowPicture(): Promise<Buffer> {
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

const KINDS = 'must be a PNG, JPEG or WebP picture; it is none of them';
const WHOLE = 'is damaged: it could not be decoded as a whole';
const UNREADABLE = 'is damaged: it could not be read as a whole';

describe('what is no picture', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  const HOSTILE: readonly (readonly [string, () => Buffer | Promise<Buffer>, string])[] = [
    ['an HTML file', () => Buffer.from('<!doctype html><title>photo.png</title>'), KINDS],
    ['an SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), KINDS],
    [
      'a GIF',
      () =>
        sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
          .gif()
          .toBuffer(),
      KINDS,
    ],
    ['a TIFF', () => noise().tiff().toBuffer(), KINDS],
    ['a PDF', () => Buffer.from('%PDF-1.4\n%%EOF'), KINDS],
    ['an empty file', () => Buffer.alloc(0), 'is empty; it must be a PNG, JPEG or WebP picture'],
    ['a truncated JPEG', async () => half(await noise().jpeg().toBuffer()), WHOLE],
    ['a JPEG without its last bytes', async () => (await noise().jpeg().toBuffer()).subarray(0, -200), WHOLE],
    ['a truncated PNG', async () => half(await noise().png().toBuffer()), UNREADABLE],
    ['a truncated WebP', async () => half(await noise().webp().toBuffer()), WHOLE],
    ['the first bytes of a JPEG', () => Buffer.from([0xff, 0xd8, 0xff, 0xe0]), WHOLE],
    ['a PNG of fewer pixels than it says', () => pngOf(2_000, 2_000, deflateSync(Buffer.alloc(1_000))), WHOLE],
    ['a PNG whose pixels are none', () => pngOf(9, 9, Buffer.from('not compressed')), WHOLE],
    ['a PNG without width', () => pngOf(0, 9, deflateSync(Buffer.alloc(9))), WHOLE],
    [
      'a PNG of 50,000 × 50,000',
      () => pngOf(50_000, 50_000, deflateSync(Buffer.alloc(100 * MEGABYTE))),
      'has 50000 × 50000 pixels; at most 50000000 altogether are taken',
    ],
    ['a bomb of zeros', () => blackPng(7_200, 7_000), 'has 7200 × 7000 pixels; at most 50000000 altogether are taken'],
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

  async function send(...pictures: Buffer[]): Promise<ClientResponse> {
    return client.post('/models/picture/predict', undefined, formOf(pictures));
  }

  it.each(HOSTILE)('%s is refused in words', async (_, make, words) => {
    const picture = await make();
    const { status, body } = await send(picture);
    const errors = [{ location: ['body', 'file'], type: 'image', message: `file ${words}` }];
    expect({ status, code: body.code, errors: body.errors }).toEqual({ status: 422, code: 'request.invalid', errors });
    const headers = { 'content-type': 'image/png' };
    const raw = await client.post('/models/picture/predict', undefined, { raw: picture, headers });
    expect({ status: raw.status, errors: raw.body.errors }).toEqual({ status: 422, errors });
  });

  it('is named by its place among several', async () => {
    const right = await noise().png().toBuffer();
    const { status, body } = await send(right, Buffer.alloc(0), right, Buffer.from('<html>'));
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ location: ['body', 'file', 1] }, { location: ['body', 'file', 3] }]);
  });

  it('is another field, or no file at all', async () => {
    const right = await noise().png().toBuffer();
    const other = await client.post('/models/picture/predict', undefined, formOf([right], 'photo'));
    expect(other.body.errors).toMatchObject([{ location: ['body', 'photo'], type: 'unknown' }]);
    expect((await send()).status).toBe(422);
  });

  it('is too many', async () => {
    const app = await startTestApp({ MODELS_DIR: store.path, PREDICT_MAX_ROWS: '2', PREDICT_MAX_ELEMENTS: '100' });
    const right = await noise().png().toBuffer();
    const sendHere = async (pictures: Buffer[]): Promise<ClientResponse> =>
      app.client().post('/models/picture/predict', undefined, formOf(pictures));
    expect((await sendHere([right, right, right])).body).toMatchObject({ status: 413, code: 'predict.too-many-rows' });
    expect((await sendHere([right, right])).status).toBe(200);
    await app.close();
  });

  it('does not inflate what is not looked at', async () => {
    const texts = inflatingTexts(60, 7 * MEGABYTE);
    const before = process.memoryUsage().rss;
    const { status, body } = await send(blackPng(4, 4, texts));
    expect(status).toBe(200);
    expect(body.predictions[0].values).toEqual(Array(3).fill(Array(4).fill([0, 0, 0, 0])));
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MEGABYTE);
  });

  it('takes no memory for good', async () => {
    const pictures = await Promise.all(HOSTILE.map(async ([, make]) => make()));
    const sendAll = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        for (const picture of pictures) expect((await send(picture)).status).toBe(422);
      }
    };
    await sendAll(4);
    const before = process.memoryUsage().rss;
    await sendAll(Math.ceil(200 / pictures.length));
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * MEGABYTE);
  });

  it('is a picture for which there is no time', async () => {
    const app = await startTestApp({ MODELS_DIR: store.path, DEADLINE_MS: '300' });
    const form = formOf(Array<Buffer>(20).fill(await slowPicture()));
    const { body } = await app.client().post('/models/picture/predict', undefined, form);
    const detail = 'The prediction was not ready in time (DEADLINE_MS, or the timeout that was asked for).';
    expect(body).toMatchObject({ status: 504, code: 'model.deadline', detail });
    await app.close();
  });

  it('waits in a line that has an end', async () => {
    const app = await startTestApp({ MODELS_DIR: store.path, IMAGE_QUEUE_CAPACITY: '1', DEADLINE_MS: '60000' });
    const form = formOf([await slowPicture()]);
    const sent = Array.from({ length: 8 }, () => app.client().post('/models/picture/predict', undefined, form));
    const answers = await Promise.all(sent);
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused[0]?.body).toMatchObject({ code: 'predict.images-busy' });
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(answers.filter(({ status }) => status === 200).length + refused.length).toBe(8);
    const { status } = await app.client().post('/models/picture/predict', undefined, formOf([blackPng(4, 4)]));
    expect(status).toBe(200);
    await app.close();
  });
});
