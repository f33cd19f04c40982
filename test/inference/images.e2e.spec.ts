import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import type { Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { imageForm } from '../support/images.js';
import { ROOT } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const DIGITS = join(ROOT, 'models/digits');
const LABELS = [...'0123456789'];

function sampleOf(label: string): Promise<Buffer> {
  return readFile(join(DIGITS, 'samples', `${label}.png`));
}

describe('Images of digits', () => {
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    // The first request loads the model, which takes long on a busy machine.
    app = await startTestApp({ DEADLINE_MS: '30000' });
    client = app.client();
  });

  afterAll(() => app.close());

  it('are documented before the first of them loads the model', async () => {
    const before = await client.get('/models/digits');
    expect(before.body).toMatchObject({
      state: 'unloaded',
      input: { description: expect.stringContaining('28 × 28') },
    });
    const { body: document } = await client.get('/openapi.json');
    const content = document.paths['/models/digits/predict'].post.requestBody.content as Record<string, object>;
    expect(Object.keys(content)).toEqual([
      'multipart/form-data',
      'image/png',
      'image/jpeg',
      'image/webp',
      'application/json',
    ]);
    const { status, body } = await client.post('/models/digits/predict', undefined, imageForm([await sampleOf('7')]));
    expect({ status, label: body.predictions[0].label }).toEqual({ status: 200, label: '7' });
    expect((await client.get('/models/digits')).body).toMatchObject({ state: 'ready', defaultVersion: '1' });
  });

  it('are classified with the three most probable digits', async () => {
    const { body } = await client.post('/models/digits/predict', undefined, imageForm([await sampleOf('3')]));
    const [prediction] = body.predictions;
    expect(body).toMatchObject({ model: 'digits', version: '1', predictions: [{ label: '3', index: 3 }] });
    expect(Object.keys(prediction.probabilities)).toHaveLength(3);
    expect(Math.max(...(Object.values(prediction.probabilities) as number[]))).toBe(prediction.probabilities['3']);
  });

  it('get one prediction for each file, in order', async () => {
    const shuffled = [...'9310274586'];
    const form = imageForm(await Promise.all(shuffled.map(sampleOf)));
    const { body } = await client.post('/models/digits/predict', undefined, form);
    expect(body.predictions.map(({ label }: { label: string }) => label)).toEqual(shuffled);
  });

  it.each(['png', 'jpeg', 'webp'] as const)('are accepted as a %s body', async (kind) => {
    const headers = { 'content-type': `image/${kind}` };
    for (const label of LABELS) {
      const raw = await sharp(await sampleOf(label))
        .toFormat(kind)
        .toBuffer();
      const { body } = await client.post('/models/digits/versions/1/predict', undefined, { raw, headers });
      expect(body.predictions).toMatchObject([{ label }]);
    }
  });

  it('are rotated by their EXIF orientation', async () => {
    const rotated = sharp(await sampleOf('7'))
      .rotate(270)
      .withMetadata({ orientation: 6 });
    const form = imageForm([await rotated.jpeg().toBuffer()]);
    const { body } = await client.post('/models/digits/predict', undefined, form);
    expect(body.predictions).toMatchObject([{ label: '7' }]);
  });

  it('are recognised inverted, transparent, off-centre and stretched', async () => {
    const sample = await sampleOf('4');
    const white = '#ffffff';
    const variants = [
      sharp(sample).negate(),
      sharp({ create: { width: 64, height: 64, channels: 3, background: '#000000' } }).joinChannel(
        await sharp(sample).greyscale().negate().raw().toBuffer(),
        { raw: { width: 64, height: 64, channels: 1 } },
      ),
      sharp(sample).extend({ top: 10, left: 50, right: 10, bottom: 60, background: white }),
      sharp(sample).resize(640, 480, { fit: 'fill' }),
    ];
    const form = imageForm(await Promise.all(variants.map((variant) => variant.png().toBuffer())));
    const { body } = await client.post('/models/digits/predict', undefined, form);
    expect(body.predictions.map(({ label }: { label: string }) => label)).toEqual(['4', '4', '4', '4']);
  });

  it('are accepted as arrays of numbers, with the predictions of scikit-learn', async () => {
    const { rows } = JSON.parse(await readFile(join(DIGITS, 'fixture.json'), 'utf8')) as Fixture;
    const instances = rows.map(({ input }) => input);
    const { body } = await client.post('/models/digits/predict', { instances });
    const predictions = body.predictions as Fixture['rows'];
    for (const [index, { label, probabilities }] of rows.entries()) {
      expect(predictions[index]!.label).toBe(label);
      expect(Object.keys(predictions[index]!.probabilities)).toEqual(Object.keys(probabilities));
      for (const [name, probability] of Object.entries(probabilities)) {
        expect(Math.abs(predictions[index]!.probabilities[name]! - probability)).toBeLessThan(1e-4);
      }
    }
    const raw = instances.map((row) => JSON.stringify(row)).join('\n');
    const lines = await client.post('/models/digits/predict', undefined, {
      raw,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(lines.body.predictions).toEqual(predictions);
    const wrong = await client.post('/models/digits/predict', { image: [[[0.5]]] });
    expect(wrong.body.errors).toMatchObject([{ location: ['body', 'image', 0], type: 'shape' }]);
  });
});

interface Fixture {
  readonly rows: readonly {
    readonly input: object;
    readonly label: string;
    readonly probabilities: Readonly<Record<string, number>>;
  }[];
}

const RED_AND_BLUE = { width: 4, height: 2 };

describe('Images for any model', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    const add = (name: string, image: object): Promise<void> =>
      store.add(name, 'picture', { manifest: { input: { image: { ...RED_AND_BLUE, std: 1 / 255, ...image } } } });
    await add('planes', {});
    await add('pixels', { layout: 'NHWC', fit: 'fill' });
    await add('grey', { channels: 1 });
    await add('scaled', { mean: [0.5, 0, 0], std: [0.5, 1, 0.5] });
    await add('small', { width: 1, height: 1, layout: 'NHWC' });
    await store.add('narrow', 'perceptron', { manifest: { input: { image: RED_AND_BLUE } } });
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  /** The left half is red, the right half blue. */
  function redAndBlue(width = 4, height = 2): Sharp {
    const background = '#0000ff';
    return sharp({ create: { width, height, channels: 3, background: '#ff0000' } }).composite([
      { input: { create: { width: width / 2, height, channels: 3, background } }, left: width / 2, top: 0 },
    ]);
  }

  async function valuesOf(model: string, image: Buffer): Promise<number[][][]> {
    const { status, text, body } = await client.post(`/models/${model}/predict`, undefined, imageForm([image]));
    if (status !== 200) throw new Error(text);
    const round = (item: unknown): unknown => (Array.isArray(item) ? item.map(round) : Math.round(item as number));
    return round(body.predictions[0].pixels) as number[][][];
  }

  const LEFT_RED = [255, 255, 0, 0];
  const RIGHT_BLUE = [0, 0, 255, 255];
  const NONE = [0, 0, 0, 0];

  it('fill tensors of the layouts NCHW and NHWC, and of one channel', async () => {
    const image = await redAndBlue().png().toBuffer();
    expect(await valuesOf('planes', image)).toEqual([
      [LEFT_RED, LEFT_RED],
      [NONE, NONE],
      [RIGHT_BLUE, RIGHT_BLUE],
    ]);
    const row = [...Array<number[]>(2).fill([255, 0, 0]), ...Array<number[]>(2).fill([0, 0, 255])];
    expect(await valuesOf('pixels', image)).toEqual([row, row]);
    expect(await valuesOf('grey', image)).toEqual([
      [
        [76, 76, 29, 29],
        [76, 76, 29, 29],
      ],
    ]);
  });

  it('are normalised by channel', async () => {
    const image = await redAndBlue().png().toBuffer();
    expect(await valuesOf('scaled', image)).toEqual([
      [
        [1, 1, -1, -1],
        [1, 1, -1, -1],
      ],
      [NONE, NONE],
      [
        [0, 0, 2, 2],
        [0, 0, 2, 2],
      ],
    ]);
  });

  it('are cropped to the centre, or stretched', async () => {
    // Cropping removes the outer thirds of this wide image.
    const wide = await sharp({ create: { width: 12, height: 2, channels: 3, background: '#00ff00' } })
      .composite([{ input: await redAndBlue().png().toBuffer(), left: 4, top: 0 }])
      .png()
      .toBuffer();
    expect(await valuesOf('planes', wide)).toEqual([
      [LEFT_RED, LEFT_RED],
      [NONE, NONE],
      [RIGHT_BLUE, RIGHT_BLUE],
    ]);
    const [[first]] = (await valuesOf('pixels', wide)) as [number[][], number[][]];
    expect(first![1]).toBeGreaterThan(200);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('are rotated by EXIF orientation %i', async (orientation) => {
    const jpeg = { quality: 100, chromaSubsampling: '4:4:4' };
    const rotated = await redAndBlue(80, 40).withMetadata({ orientation }).jpeg(jpeg).toBuffer();
    const upright = await sharp(await sharp(rotated).autoOrient().png().toBuffer())
      .resize(4, 2, { fit: 'fill', kernel: 'linear' })
      .raw()
      .toBuffer();
    const values = (await valuesOf('pixels', rotated)).flat(2);
    const differences = values.map((value, index) => Math.abs(value - upright[index]!));
    expect(Math.max(...differences)).toBeLessThan(25);
  });

  it.each([
    ['with 16 bits', '#ff8000', (one: Sharp) => one.toColourspace('rgb16').png(), [255, 128, 0]],
    ['with a palette', '#ff8000', (one: Sharp) => one.png({ palette: true }), [255, 128, 0]],
    ['with one channel', '#808080', (one: Sharp) => one.toColourspace('b-w').png(), [128, 128, 128]],
    ['interlaced', '#ff8000', (one: Sharp) => one.png({ progressive: true }), [255, 128, 0]],
    ['half transparent', '#ff800080', (one: Sharp) => one.png(), [255, 191, 127]],
    ['transparent', '#ff800000', (one: Sharp) => one.webp({ lossless: true }), [255, 255, 255]],
  ])('are accepted %s', async (_, background, encode, expected) => {
    const channels = background.length > 7 ? 4 : 3;
    const one = sharp({ create: { width: 3, height: 5, channels, background } });
    const [[pixel]] = (await valuesOf('small', await encode(one).toBuffer())) as [number[][]];
    pixel!.forEach((value, channel) => expect(Math.abs(value - expected[channel]!)).toBeLessThanOrEqual(16));
  });

  it('are represented by the first frame of an animation', async () => {
    const frames = await Promise.all(
      ['#ff0000', '#0000ff'].map((background) =>
        sharp({ create: { width: 4, height: 4, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const moving = await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer();
    expect(await valuesOf('small', moving)).toEqual([[[255, 0, 0]]]);
  });

  it('are rejected by models without an image input, and a model whose input does not fit says why it failed', async () => {
    const { body } = await client.get('/models/narrow');
    expect(body).toMatchObject({
      state: 'failed',
      versions: [{ reason: expect.stringContaining('needs an input of the shape [N, 3, 2, 4]; "pixels" has [n, 64]') }],
    });
    const form = imageForm([await redAndBlue().png().toBuffer()]);
    expect((await client.post('/models/iris/predict', undefined, form)).status).toBe(415);
  });
});
