import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../support/client.js';
import { MULTIPART, multipart } from '../support/forms.js';
import { imageForm } from '../support/images.js';
import { finishedJob, resultOf, sendJob, createJob } from '../support/prediction-jobs.js';
import { ROOT } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const SAMPLES = join(ROOT, 'models/digits/samples');
/** More than fit in memory at once. */
const COUNT = 120;
const NOT_A_PICTURE = Buffer.from('<!doctype html><title>7</title>');

describe('POST /models/{name}/jobs with pictures', () => {
  let app: TestApp;
  let member: Client;
  let digits: Buffer[];

  beforeAll(async () => {
    app = await startTestApp({
      DEADLINE_MS: '30000',
      PREDICT_LIMIT_MB: '1',
      UPLOAD_LIMIT_MB: '2',
      JOB_MAX_ROWS: '200',
    });
    member = app.client();
    await member.signUpAndLogIn();
    digits = await Promise.all([...'0123456789'].map((label) => readFile(join(SAMPLES, `${label}.png`))));
  });

  afterAll(() => app.close());

  const send = (pictures: readonly Buffer[], onError?: string): ReturnType<typeof sendJob> => {
    const form = imageForm(pictures);
    return sendJob(member, form.raw, { model: 'digits', headers: form.headers, ...(onError ? { onError } : {}) });
  };

  it('predicts many pictures with the same results as POST /predict', async () => {
    const pictures = Array.from({ length: COUNT }, (_, index) => digits[(index * 7) % 10]!);
    const { status, body } = await send(pictures);
    expect({ status, total: body.progress?.total }).toEqual({ status: 202, total: COUNT });
    const lines = await resultOf(member, body.id);
    const atOnce = await member.post('/models/digits/predict', undefined, imageForm(digits));
    const expected = pictures.map((_, row) => ({ row, ...atOnce.body.predictions[(row * 7) % 10] }));
    expect(lines).toEqual(expected);
  });

  it('lists the file names in the result CSV', async () => {
    const { body } = await send(digits.slice(0, 3));
    await finishedJob(member, body.id);
    const { text } = await member.get(`/jobs/${body.id}/result`, { headers: { accept: 'text/csv' } });
    const [header, ...rows] = text.trimEnd().split('\n');
    expect(header).toMatch(/^file,label,probability_0,.*,probability_9$/);
    expect(rows.map((row) => row.split(',').slice(0, 2))).toEqual(
      [0, 1, 2].map((digit) => [`picture-${digit}.png`, String(digit)]),
    );
  });

  it('keeps the file names in the lines of the result with extra=keep', async () => {
    const { raw, headers } = imageForm([digits[3]!, NOT_A_PICTURE]);
    const { body } = await member.request('POST', '/models/digits/jobs?extra=keep&onError=skip', { raw, headers });
    const lines = await resultOf(member, body.id);
    expect(lines).toMatchObject([
      { row: 0, file: 'picture-0.png', label: '3' },
      { row: 1, file: 'picture-1.png', error: { errors: [{ type: 'image' }] } },
    ]);
    const { text } = await member.get(`/jobs/${body.id}/result?format=csv`);
    expect(text).toMatch(/^file,label,[^\n]*,error\npicture-0.png,3,/);
  });

  it('accepts one picture as the body', async () => {
    const { id } = await createJob(member, digits[4]!, { model: 'digits', headers: { 'content-type': 'image/png' } });
    expect(await resultOf(member, id)).toMatchObject([{ row: 0, label: '4' }]);
  });

  it('accepts pixel values as JSON', async () => {
    const image = Array.from({ length: 1 }, () => Array.from({ length: 28 }, () => new Array<number>(28).fill(0)));
    const headers = { 'content-type': 'application/x-ndjson' };
    const { id } = await createJob(member, `${JSON.stringify({ image })}\n`, { model: 'digits', headers });
    expect(await resultOf(member, id)).toMatchObject([{ row: 0, index: expect.any(Number) }]);
  });

  it('rejects the upload if a file is no picture, names its index, and keeps nothing', async () => {
    const before = (await member.get('/jobs')).body.items.length;
    const { status, body } = await send([digits[1]!, NOT_A_PICTURE, digits[2]!, digits[3]!.subarray(0, 60)]);
    expect({ status, errors: body.errors }).toMatchObject({
      status: 422,
      errors: [
        { location: ['body', 'file', 1], type: 'image', message: expect.stringMatching(/^file\.1 must be a PNG/) },
        { location: ['body', 'file', 3], type: 'image', message: expect.stringMatching(/^file\.3 is damaged/) },
      ],
    });
    expect((await member.get('/jobs')).body.items).toHaveLength(before);
  });

  it('reports a file that is no picture in the result with onError=skip, and ends there with onError=stop', async () => {
    const pictures = [digits[1]!, NOT_A_PICTURE, digits[2]!];
    const skipping = (await send(pictures, 'skip')).body;
    expect(await resultOf(member, skipping.id)).toMatchObject([
      { row: 0, label: '1' },
      { row: 1, error: { errors: [{ type: 'image' }] } },
      { row: 2, label: '2' },
    ]);
    const stopping = await finishedJob(member, (await send(pictures, 'stop')).body.id);
    expect(stopping).toMatchObject({
      status: 'failed',
      progress: { done: 1 },
      error: { errors: [{ location: ['body', 'file', 1], type: 'image' }] },
    });
  });

  it('limits the size of a picture, their total size and their number', async () => {
    const large = Buffer.alloc(1_100_000);
    const statuses = [
      (await send([digits[0]!, large])).status,
      (await send([large, large])).status,
      (await send(new Array<Buffer>(201).fill(digits[0]!))).status,
    ];
    expect(statuses).toEqual([413, 413, 413]);
  });

  it('rejects a form without a file, with another field, or with pictures for a model of rows', async () => {
    const chosen = multipart([{ name: 'file', filename: '', content: '' }]);
    const none = await sendJob(member, chosen, { model: 'digits', headers: MULTIPART });
    expect(none.body.errors).toMatchObject([{ location: ['body', 'file'], type: 'missing' }]);
    const other = multipart([
      { name: 'file', filename: '1.png', content: digits[1]! },
      { name: 'files', filename: '2.png', content: digits[2]! },
    ]);
    const unknown = await sendJob(member, other, { model: 'digits', headers: MULTIPART });
    expect(unknown.body.errors).toMatchObject([{ location: ['body', 'files'], type: 'unknown' }]);
    const iris = await sendJob(member, imageForm([digits[1]!]).raw, { headers: MULTIPART });
    expect(iris.status).toBe(415);
  });
});
