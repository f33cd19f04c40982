import { join } from 'node:path';
import { Runtime } from '../../../src/serving/runtime/runtime.js';
import { EXPORTED, feedsOf, flat, referenceOf } from '../../support/exported-models.js';

const EVENTS = { died: () => undefined, recovered: () => undefined, restartFailed: () => undefined };
const LIMITS = { threads: 1, providers: ['cpu'], memoryMb: 1_024, loadTimeoutMs: 60_000, maxResponseElements: 100_000 };

async function load(name: string): Promise<Runtime> {
  const file = join(EXPORTED, `${name}.onnx`);
  return Runtime.start({ file, ...LIMITS }, EVENTS, new AbortController().signal);
}

describe('models as their libraries export them', () => {
  const DIED = ['died', 'survived'];
  it.each([
    ['titanic', [{ classes: DIED }, { classes: DIED, activation: 'softmax' }]],
    ['titanic_zipmap', [{ classes: DIED }, { classes: DIED, activation: 'softmax' }]],
    ['rating123', [{ classes: [1, 2, 3] }, { classes: [1, 2, 3] }]],
    ['xgb_nan', [{ classes: [0, 1] }, { classes: [0, 1], activation: 'softmax' }]],
    ['lgbm_clf_zipmap', [{ classes: [0, 1] }, { classes: [0, 1], activation: 'softmax' }]],
    ['catboost', [{ classes: ['no', 'yes'] }, { classes: ['no', 'yes'], activation: 'softmax' }]],
    ['bayes', [{ classes: [1, 3, 5] }, { classes: [1, 3, 5] }]],
    ['calibrated', [{ classes: [-1, 1] }, { classes: [-1, 1] }]],
    ['sentiment', [{ classes: ['negative', 'positive'] }, { classes: ['negative', 'positive'] }]],
    ['multilabel', [{ type: 'int64' }, { type: 'float32', activation: 'sigmoid' }]],
    ['multilabel_forest', [{ type: 'int64' }, { type: 'float32', activation: 'sigmoid' }]],
    ['multireg', [{ type: 'float32', shape: ['variable:0', 2] }]],
  ])('says what the outputs of %s are, and predicts what its library does', async (name, outputs) => {
    const runtime = await load(name);
    const reference = referenceOf(name);
    const results = await runtime.run([feedsOf(runtime.signature, reference)]);
    await runtime.stop(1_000);
    expect(runtime.signature.outputs).toMatchObject(outputs);
    const [first, second] = results;
    expect(plain(first?.data)).toEqual(close(reference.value ?? reference.label));
    expect(plain(second?.data)).toEqual(close(probabilitiesOf(reference.proba)));
  });

  it('gives no classes to the tensor of several labels', async () => {
    const runtime = await load('multilabel');
    await runtime.stop(1_000);
    expect(runtime.signature.outputs.map(({ classes }) => classes)).toEqual([undefined, undefined]);
  });

  it('refuses a sequence that no tensor can stand for, with the option of its exporter', async () => {
    await expect(load('multiclass_sequence')).rejects.toThrow(
      /"probabilities" is not a tensor; .*skl2onnx: options={id\(model\): {"zipmap": False}}.*one model for each target/,
    );
  });
});

/** Row by row: of several labels the probability that each is 1. */
function probabilitiesOf(proba: readonly unknown[] = []): unknown[] {
  const [first] = proba as readonly (readonly unknown[])[];
  if (!Array.isArray(first?.[0])) return flat(proba);
  return flat(first).length === 0
    ? []
    : first.flatMap((_, row) => (proba as number[][][]).map((label) => label[row]![1]));
}

/** Whole numbers as such. */
function plain(data: Iterable<unknown> | undefined): unknown[] {
  return [...(data ?? [])].map((value) => (typeof value === 'bigint' ? Number(value) : value));
}

/** Numbers may differ by the rounding of float32. */
function close(values: readonly unknown[] | undefined): unknown[] {
  return flat(values).map((value) => (typeof value === 'number' ? expect.closeTo(value, 5) : value));
}
