import { prepareModel } from '../../../src/serving/graph/prepare-model.js';
import { OnnxModel } from '../../../src/serving/graph/onnx-model.js';
import { encodeBytes, floatsIn, integersIn, messageIn, NotOnnxError, textIn } from '../../../src/serving/graph/wire.js';
import { listTensor, onnxModel, type TestNode } from '../../support/onnx.js';

const session = { inputs: [], outputs: [] };
const node = (operator: string, input: string, output: string, attributes: TestNode['attributes'] = {}): TestNode => {
  return { operator, inputs: [input], outputs: [output], attributes };
};

describe('OnnxModel', () => {
  it('reads operators, constants and declared shapes', () => {
    const model = new OnnxModel(
      onnxModel({
        nodes: [
          node('Constant', '', 'c', { value: listTensor('', ['a', 'b']) }),
          node('ai.onnx.ml.ZipMap', 'x', 'y', { classlabels_int64s: [-1, 1] }),
        ],
        initializers: [listTensor('list', [3, -4])],
        inputs: { x: [null, 'n', 2], z: null },
        outputs: { y: [] },
      }),
    );
    expect(model.producerOf('y')?.operator).toBe('ai.onnx.ml.ZipMap');
    expect(model.producerOf('y')?.integers('classlabels_int64s')).toEqual([-1n, 1n]);
    expect([model.constant('c'), model.constant('list')]).toMatchObject([
      { values: ['a', 'b'] },
      { shape: [2], values: [3, -4] },
    ]);
    expect([model.inputs, model.outputs]).toEqual([
      [
        { name: 'x', isTensor: true, shape: [undefined, 'n', 2] },
        { name: 'z', isTensor: true, shape: undefined },
      ],
      [{ name: 'y', isTensor: true, shape: [] }],
    ]);
  });

  it('merges the parts of a graph that is written in pieces', () => {
    const [first, second] = [{ nodes: [node('Neg', 'x', 'y')] }, { nodes: [node('Neg', 'y', 'z')] }].map(onnxModel);
    const model = new OnnxModel(Buffer.concat([first!, second!]));
    expect(model.nodes.map(({ outputs }) => outputs)).toEqual([['y'], ['z']]);
  });

  it('keeps the bytes of a model that needs no change', () => {
    const file = onnxModel({ nodes: [node('Neg', 'x', 'y')], outputs: { y: [1] } });
    expect(prepareModel(file).bytes).toBe(file);
  });

  it('changes nothing but what stands for ZipMap', () => {
    const nodes = [node('Neg', 'x', 's'), node('ai.onnx.ml.ZipMap', 's', 'y', { classlabels_strings: ['b', 'a'] })];
    const file = onnxModel({
      nodes,
      inputs: { x: ['n', 2] },
      outputs: { y: null },
      initializers: [listTensor('list', [1])],
    });
    const prepared = new OnnxModel(prepareModel(file).bytes);
    expect(prepared.nodes.map(({ operator, inputs, outputs }) => [operator, inputs, outputs])).toEqual([
      ['Neg', ['x'], ['s']],
      ['Identity', ['s'], ['y']],
    ]);
    expect(prepared.outputs).toEqual([{ name: 'y', isTensor: true, shape: [undefined, 2] }]);
    expect(prepared.inputs).toEqual([{ name: 'x', isTensor: true, shape: ['n', 2] }]);
    expect(prepared.constant('list')).toEqual({ shape: [1], values: [1] });
  });

  it('leaves a ZipMap alone whose maps are used inside the graph', () => {
    const nodes = [
      node('ai.onnx.ml.ZipMap', 'x', 'y', { classlabels_strings: ['a', 'b'] }),
      node('Identity', 'y', 'z'),
    ];
    const file = onnxModel({ nodes, outputs: { y: null, z: null } });
    expect(prepareModel(file).bytes).toBe(file);
  });
});

describe('hostile files', () => {
  const cut = Buffer.of(0xff);

  it.each<[string, () => unknown]>([
    ['a packed number without an end', () => integersIn(encodeBytes(7, cut), 7)],
    ['a number of more than ten bytes', () => integersIn(encodeBytes(7, Buffer.alloc(11, 0xff)), 7)],
    ['a field that ends after the message', () => messageIn(Buffer.of(0x3a, 9, 1), 7)],
    ['an attribute that is cut off', () => new OnnxModel(encodeBytes(7, encodeBytes(1, encodeBytes(5, cut))))],
    ['no graph', () => prepareModel(Buffer.alloc(0))],
  ])('are refused: %s', (_, read) => {
    expect(read).toThrow(NotOnnxError);
  });

  it('of a field of another type than it must have give nothing', () => {
    expect([textIn(Buffer.of(0x38, 1), 7), floatsIn(Buffer.of(0x38, 1), 7)]).toEqual([undefined, []]);
  });

  it('with chains of many operators are read to the end', () => {
    const nodes = Array.from({ length: 20_000 }, (_, index) => node('Identity', `v${index}`, `v${index + 1}`));
    const file = onnxModel({ nodes, outputs: { v20000: null } });
    const prepared = prepareModel(file);
    expect(prepared.signatureOf(session)).toEqual({ inputs: [], outputs: [] });
  });
});
