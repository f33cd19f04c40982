import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Client, ClientResponse } from '../support/client.js';
import { imageForm } from '../support/images.js';
import { TestModelStore } from '../support/model-store.js';
import { greatestDifference, IMAGES, RESIZED, samplesOf } from '../support/pillow-images.js';
import { createJob, resultOf, sendJob } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Both axes shrink, both grow, each does its own, in colour and in grey. */
const CASES = RESIZED.filter(({ name }) => /(rgb-fill-14x9|rgb-cover-32x32|grey-fill-11x44|rgb-fill-45x8)/.test(name));

/** The names by which clients call an image, or any file. */
const TYPES = [
  ['image/jpg', 'the name that Windows gives'],
  ['image/pjpeg', 'an old name'],
  ['image/x-png', 'a wrong one'],
  ['IMAGE/JPEG; charset=binary', 'with a charset'],
  ['application/octet-stream', 'any file'],
  ['binary/octet-stream', 'any file, of S3'],
  ['application/x-www-form-urlencoded', 'a form, by curl'],
  ['application/json', 'JSON, by a client that sends nothing else'],
] as const;

interface Picture {
  readonly pixels: number[][][];
}

describe('Images', () => {
  let store: TestModelStore;
  let app: TestApp;
  let member: Client;
  let jpeg: Buffer;

  beforeAll(async () => {
    store = await TestModelStore.create();
    for (const [index, { image }] of CASES.entries()) {
      const input = { image: { ...image, layout: 'NHWC', std: 1 / 255 } };
      await store.add(`case${index}`, 'picture', { manifest: { input } });
    }
    const image = { width: 2, height: 1, layout: 'NHWC', std: 1 / 255 };
    await store.add('small', 'picture', { manifest: { input: { image } } });
    app = await startTestApp({ MODELS_DIR: store.path });
    member = app.client();
    await member.signUpAndLogIn();
    jpeg = await readFile(join(IMAGES, 'decoded/cmyk-red.jpg'));
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  it.each(CASES)('are resized as Pillow does, as a form, as the body and in a job: $name', async (one) => {
    const model = `case${CASES.indexOf(one)}`;
    const { data } = await samplesOf(one.expected);
    const file = await readFile(one.source);
    const form = imageForm([file]);
    const headers = { 'content-type': 'image/png' };
    const predict = (options: object): Promise<ClientResponse> =>
      member.post(`/models/${model}/predict`, undefined, options);
    const job = await createJob(member, form.raw, { model, headers: form.headers });
    const predictions: Picture[] = [
      (await predict(form)).body.predictions[0],
      (await predict({ raw: file, headers })).body.predictions[0],
      (await resultOf(member, job.id))[0] as unknown as Picture,
    ];
    for (const { pixels } of predictions) expect(greatestDifference(pixels.flat(2), data)).toBeLessThanOrEqual(1);
  });

  const isRed = ({ pixels }: Picture): boolean => {
    return greatestDifference(pixels.flat(2), Uint8Array.of(255, 0, 0, 255, 0, 0)) <= 3;
  };

  it.each(TYPES)('are taken as %s (%s)', async (type) => {
    const headers = { 'content-type': type };
    const { status, body } = await member.post('/models/small/predict', undefined, { raw: jpeg, headers });
    expect({ status, isRed: status === 200 && isRed(body.predictions[0]) }).toEqual({ status: 200, isRed: true });
    const zipped = { raw: gzipSync(jpeg), headers: { ...headers, 'content-encoding': 'gzip' } };
    expect((await member.post('/models/small/versions/1/predict', undefined, zipped)).status).toBe(200);
    const form = imageForm([jpeg]);
    const raw = Buffer.from(form.raw.toString('latin1').replace('image/png', type), 'latin1');
    const part = await member.post('/models/small/predict', undefined, { raw, headers: form.headers });
    expect(part.status).toBe(200);
  });

  it.each(TYPES.slice(0, 6))('are taken by jobs as %s (%s)', async (type) => {
    const job = await createJob(member, jpeg, { model: 'small', headers: { 'content-type': type } });
    expect(((await resultOf(member, job.id)) as unknown as Picture[]).map(isRed)).toEqual([true]);
  });

  it('are taken without a media type', async () => {
    const { status, body } = await member.post('/models/small/predict', undefined, { raw: jpeg });
    expect({ status, isRed: isRed(body.predictions[0]) }).toEqual({ status: 200, isRed: true });
    const job = (await sendJob(member, jpeg, { model: 'small', headers: { 'content-type': '' } })).body;
    expect(((await resultOf(member, job.id)) as unknown as Picture[]).map(isRed)).toEqual([true]);
  });

  it('are refused with the list of what is taken', async () => {
    const asText = { raw: jpeg, headers: { 'content-type': 'text/plain' } };
    const all = /application\/json.*text\/csv.*image\/png.*image\/jpeg.*image\/webp.*application\/octet-stream/;
    const text = await member.post('/models/small/predict', undefined, asText);
    expect([text.status, text.body.detail]).toEqual([415, expect.stringMatching(all)]);
    const job = await sendJob(member, jpeg, { model: 'small', headers: { 'content-type': 'text/plain' } });
    expect([job.status, job.body.detail]).toEqual([415, expect.stringMatching(/csv.*json.*PNG, JPEG and WebP/)]);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const formJob = await sendJob(member, jpeg, { model: 'small', headers: form });
    expect([formJob.status, formJob.body.detail]).toEqual([415, expect.stringContaining('is a picture')]);
    const iris = { raw: Buffer.from('5.1,3.5'), headers: { 'content-type': 'application/octet-stream' } };
    const rows = await member.post('/models/case0/predict', undefined, iris);
    expect([rows.status, rows.body.errors[0].message]).toEqual([422, 'file must be a PNG, JPEG or WebP image']);
  });
});
