import type { Client } from '../support/client.js';
import { referenceOf } from '../support/exported-models.js';
import { TestModelStore } from '../support/model-store.js';
import { createJob, csvOf, finishedJob, resultOf } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Rows of `rating123`, whose classes are 1, 2 and 3, and of `rf_nozip`, whose classes are high, low and mid. */
const [HIGH, LOW] = [
  { feature_1: 2.040919, feature_2: -2.555665, feature_3: 0.4180989 },
  { feature_1: -2.0199862, feature_2: -0.2319324, feature_3: -0.8652131 },
];
const THREE = ['feature_1', 'feature_2', 'feature_3'].map((name) => ({ name }));
const CLASSIFIER = { label: 'label', probabilities: 'probabilities' };
const OUTLIERS = { '-1': 'outlier', '1': 'inlier' };

describe('The meaning of outputs', () => {
  let store: TestModelStore;
  let app: TestApp;
  let member: Client;

  const rating = (name: string, more: object) =>
    store.add(name, 'exported/rating123', { manifest: { features: THREE, ...more } });
  const sign = (name: string, more: object) =>
    store.add(name, 'sign', { manifest: { features: [{ name: 'distance' }], output: { label: 'label' }, ...more } });

  beforeAll(async () => {
    store = await TestModelStore.create();
    await rating('listed', { labels: ['poor', 'fair', 'good'], output: CLASSIFIER });
    await rating('mapped', { labels: { 3: 'good', 2: 'fair', 1: 'poor' }, output: CLASSIFIER });
    await rating('inferred', { labels: ['poor', 'fair', 'good'] });
    await rating('miscounted', { labels: ['poor', 'good'], output: CLASSIFIER });
    const misordered = { features: THREE, labels: ['low', 'mid', 'high'], output: CLASSIFIER };
    await store.add('misordered', 'exported/rf_nozip', { manifest: misordered });
    await sign('unknown', { labels: ['inlier', 'outlier'], example: { input: { distance: 2 } } });
    await sign('seen', { labels: ['inlier', 'outlier'], example: { input: { distance: -9 } } });
    await sign('outlier', { labels: OUTLIERS });
    const contrary = { features: [{ name: 'a' }, { name: 'b' }], labels: ['no', 'yes'] };
    const example = { input: { a: 1, b: 3 } };
    await store.add('contrary', 'contrary', { manifest: { ...contrary, output: CLASSIFIER, example } });
    await store.add('decided', 'contrary', { manifest: { ...contrary, output: { ...CLASSIFIER, decision: 'model' } } });
    const targets = { value: 'variable', values: ['north', 'south'] };
    await store.add('targets', 'exported/multireg', { manifest: { features: THREE, output: targets } });
    const several = { sigmoid: 'probabilities', threshold: 0.9 };
    const names = ['spicy', 'hot', 'sweet'];
    await store.add('several', 'exported/multilabel', {
      manifest: { features: THREE, labels: names, output: several },
    });
    await store.add('reserved', 'reserved', { manifest: { features: [{ name: 'x' }] } });
    await store.add('unclear', 'detect', { manifest: { labels: ['a', 'b'] } });
    app = await startTestApp({ MODELS_DIR: store.path, DEFAULT_MODEL: 'targets' });
    member = app.client();
    await member.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const predict = async (model: string, row: object): Promise<unknown> =>
    (await member.post(`/models/${model}/predict`, row)).body.predictions?.[0];
  const csvResult = async (model: string, csv: string): Promise<string> => {
    const { id } = await createJob(member, csv, { model });
    await finishedJob(member, id);
    return (await member.request('GET', `/jobs/${id}/result`, { headers: { accept: 'text/csv' } })).text;
  };

  it.each(['listed', 'mapped', 'inferred'])('names classes that are no indices (%s)', async (model) => {
    expect(await predict(model, HIGH)).toMatchObject({ label: 'good', index: 2 });
    expect(await predict(model, LOW)).toMatchObject({ label: 'poor', index: 0 });
    const { output } = (await member.get(`/models/${model}`)).body;
    expect(output).toMatchObject({ properties: { label: { enum: ['poor', 'fair', 'good'] } } });
  });

  it.each([
    ['miscounted', /"labels" in model\.json has 2 names, but the model has 3 classes: 1, 2, 3/],
    ['misordered', /"labels" .* another order than the model, which has high, low, mid/],
    ['seen', /predicted the class -1, which is none of its labels.*a map from class value to name/],
    ['contrary', /predicts "no", but the most probable label is "yes"\. .*"decision": "model"/],
    ['unclear', /"labels", but which output they are for is not clear/],
  ])('that contradicts itself makes a version fail (%s)', async (model, reason) => {
    expect((await member.get(`/models/${model}`)).body).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(reason),
    });
  });

  it('gives an error, and no label, for a class that appears after the load', async () => {
    expect(await predict('unknown', { distance: 3 })).toEqual({ label: 'outlier', index: 1 });
    const { status, body } = await member.post('/models/unknown/predict', { distance: -3 });
    expect({ status, code: body.code }).toEqual({ status: 500, code: 'model.unknown-class' });
  });

  it('names the classes of an outlier detector by their values', async () => {
    expect(await predict('outlier', { distance: -3 })).toEqual({ label: 'outlier', index: 0 });
    expect(await predict('outlier', { distance: 3 })).toEqual({ label: 'inlier', index: 1 });
    expect(await csvResult('outlier', 'distance\n-3\n4\n')).toBe('distance,label\n-3,outlier\n4,inlier\n');
  });

  it('leaves the decision to a model that says so', async () => {
    expect(await predict('decided', { a: 1, b: 3 })).toMatchObject({ label: 'no', index: 0 });
  });

  it('gives several targets by name, in every form', async () => {
    const { rows, value } = referenceOf('multireg');
    const [first, second, third] = rows[0] as number[];
    const [north, south] = (value as number[][])[0]!.map((target): unknown => expect.closeTo(target, 4));
    const values = { north, south };
    const row = { feature_1: first, feature_2: second, feature_3: third };
    expect(await predict('targets', row)).toEqual({ values });
    expect((await member.post('/predict', row)).body).toEqual({ result: [[north, south]] });
    const { id } = await createJob(member, csvOf([row]), { model: 'targets' });
    expect(await resultOf(member, id)).toEqual([{ row: 0, values }]);
    const [header] = (await csvResult('targets', 'feature_1,feature_2,feature_3\n2,1,0\n')).split('\n');
    expect(header).toBe('feature_1,feature_2,feature_3,value_north,value_south');
  });

  it('gives the labels above the threshold, with the probability of each label', async () => {
    const prediction = await predict('several', HIGH);
    expect(prediction).toMatchObject({ labels: ['spicy'], probabilities: { spicy: expect.any(Number) as number } });
    expect(Object.keys((prediction as { probabilities: object }).probabilities)).toEqual(['spicy', 'hot', 'sweet']);
  });

  it('keeps outputs called like members of results apart from these, in every form', async () => {
    const expected = {
      output_row: 7,
      output_error: 7,
      output_output_id: 7,
      output_predictionId: 7,
      output_values: 7,
      output_labels: 7,
      output_explanation: 7,
      label: 7,
      output_id: 7,
    };
    expect(await predict('reserved', { x: 7 })).toEqual(expected);
    const { id } = await createJob(member, 'x\n7\n7\n', { model: 'reserved' });
    expect(await resultOf(member, id)).toEqual([0, 1].map((row) => ({ row, ...expected })));
    const csv = await csvResult('reserved', 'x\n7\n');
    expect(csv).toBe(`x,${Object.keys(expected).join(',')}\n7,7,7,7,7,7,7,7,7,7\n`);
  });
});
