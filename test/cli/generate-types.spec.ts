import ts from 'typescript';
import { generateTypes, typeNamesOf } from '../../src/cli/model/generate-types.js';
import type { Manifest } from '../../src/serving/manifest/manifest.js';
import type { Signature, TensorSignature } from '../../src/serving/signature/tensor.js';
import { rowSchemaOf } from '../../src/serving/signature/row-schema.js';

function shapeOf(name: string, inputs: TensorSignature[], outputs: TensorSignature[], manifest: Manifest = {}) {
  const signature: Signature = { inputs, outputs };
  return { name, manifest, signature, schema: rowSchemaOf(signature, manifest) };
}

const SCORES: TensorSignature = { name: 'scores', type: 'float32', shape: ['n', 3] };
const PAIR: TensorSignature = { ...SCORES, shape: ['n', 2] };
const KINDS = shapeOf(
  'all-kinds',
  [
    { name: 'count', type: 'int64', shape: ['n', 1] },
    { name: 'word', type: 'string', shape: ['n'] },
    { name: 'flag', type: 'bool', shape: ['n'] },
    { name: 'grid', type: 'float32', shape: ['n', 2, 'length'] },
    { name: 'ids', type: 'uint64', shape: ['n', 4] },
    { name: "it's 1", type: 'int32', shape: ['n'] },
  ],
  [{ name: 'long', type: 'int64', shape: ['n', 2] }, SCORES],
);
const LABELS = { labels: ['a', 'b c'], output: { probabilities: 'scores' } };

describe('generateTypes', () => {
  it('maps the element type and shape of each tensor to a TypeScript type', () => {
    const text = generateTypes([KINDS]);
    for (const line of [
      'readonly count: number | bigint;',
      'readonly word: string;',
      'readonly flag: boolean;',
      'readonly grid: readonly (readonly number[])[];',
      'readonly ids: readonly (number | bigint)[];',
      'readonly "it\'s 1": number;',
      'readonly long: readonly (number | bigint)[];',
      'readonly scores: readonly number[];',
      'readonly "all-kinds": { readonly features: AllKindsFeatures; readonly prediction: AllKindsPrediction };',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('documents unit, range and description of a feature, and makes one with a default optional', () => {
    const features = [
      { name: 'a', unit: 'cm', minimum: 0, maximum: 9, description: 'Up */ and\n down' },
      { name: 'b', minimum: 1, default: 2 },
      { name: 'c', maximum: 1 },
    ];
    const text = generateTypes([shapeOf('m', [{ ...SCORES, name: 'x' }], [PAIR], { features, ...LABELS })]);
    expect(text).toContain('/** cm, 0 to 9: Up * / and down */\nreadonly a: number;');
    expect(text).toContain('/** at least 1 */\nreadonly b?: number;');
    expect(text).toContain('/** at most 1 */\nreadonly c: number;');
  });

  it('makes unions of listed values, and what may be missing null and optional', () => {
    const inputs: TensorSignature[] = [
      { name: 'age', type: 'float32', shape: ['n', 1] },
      { name: 'class', type: 'int64', shape: ['n', 1] },
      { name: 'city', type: 'string', shape: ['n', 1] },
      { name: 'list', type: 'float32', shape: ['n', 2] },
    ];
    const features = [
      { name: 'age', nullable: true },
      { name: 'class', values: [-1, 1] },
      { name: 'city', values: ['Seoul', 'Busan'], nullable: true },
      { name: 'list', nullable: true },
    ];
    const text = generateTypes([shapeOf('m', inputs, [SCORES], { features })]);
    expect(text).toContain('readonly age?: number | null;');
    expect(text).toContain('readonly class: -1 | 1;');
    expect(text).toContain('readonly city?: "Seoul" | "Busan" | null;');
    expect(text).toContain('readonly list: readonly (number | null)[];');
  });

  it('makes a union of the labels, or a string type for more than 100', () => {
    const of = (manifest: Manifest, output = PAIR) =>
      generateTypes([shapeOf('m', [{ ...SCORES, name: 'x' }], [output], manifest)]);
    expect(of(LABELS)).toContain('readonly label: "a" | "b c";');
    expect(of(LABELS)).toContain('readonly probabilities: Readonly<Record<"a" | "b c", number>>;');
    const top = of({ ...LABELS, output: { probabilities: 'scores', topK: 1 } });
    expect(top).toContain('readonly probabilities: Readonly<Partial<Record<"a" | "b c", number>>>;');
    const labels = Array.from({ length: 1000 }, (_, index) => `l${index}`);
    const many = of({ ...LABELS, labels }, { ...SCORES, shape: ['n', 1000] });
    expect(many).toContain('readonly label: string;');
    expect(many).toContain('readonly probabilities: Readonly<Partial<Record<string, number>>>;');
    expect(of({ output: { value: 'scores' } }, { ...SCORES, shape: ['n', 1] })).toContain('readonly value: number;');
  });

  it('makes a list or a record for several targets, and a list for several labels', () => {
    const of = (manifest: Manifest) => generateTypes([shapeOf('m', [{ ...SCORES, name: 'x' }], [SCORES], manifest)]);
    expect(of({ output: { value: 'scores' } })).toContain('readonly value: readonly number[];');
    const targets = { value: 'scores', values: ['north', 'south', 'all'] };
    expect(of({ output: targets })).toContain('readonly values: Readonly<Record<"north" | "south" | "all", number>>;');
    const several = of({ labels: ['a', 'b', 'c'], output: { sigmoid: 'scores' } });
    expect(several).toContain('readonly labels: readonly ("a" | "b" | "c")[];');
    expect(several).not.toContain('readonly label:');
  });

  it('generates valid TypeScript for names that are no identifiers', () => {
    const odd = shapeOf(
      '3d.net',
      [{ name: 'constructor', type: 'bool', shape: ['n'] }],
      [
        { name: '__proto__', type: 'float32', shape: ['n', 1] },
        { name: 'a"b\u2028', type: 'string', shape: [] },
      ],
    );
    const source = generateTypes([KINDS, odd, { ...odd, name: 'class' }]);
    const { diagnostics } = ts.transpileModule(source, { reportDiagnostics: true });
    expect(diagnostics?.map(({ messageText }) => messageText)).toEqual([]);
    expect(source).toContain('readonly "3d.net": { readonly features: Model3dNetFeatures');
  });

  it('gives each model a different type name', () => {
    const names = typeNamesOf(['iris', 'Iris', 'iris-2', 'iris.', '3d', 'a_b-c.d', 'Iris_2']);
    expect(Object.fromEntries(names)).toEqual({
      iris: 'Iris',
      Iris: 'Iris_2',
      'iris-2': 'Iris2',
      'iris.': 'Iris_3',
      '3d': 'Model3d',
      'a_b-c.d': 'ABCD',
      Iris_2: 'Iris2_2',
    });
  });
});
