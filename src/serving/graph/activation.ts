import { classesOfClassifier } from './class-lists.js';
import { ML_DOMAIN, type OnnxNode } from './onnx-node.js';
import type { OnnxModel } from './onnx-model.js';

/** Longer chains of operators are not followed. */
const MAX_STEPS = 1_000;
/** Leave probabilities as they are. */
const NEUTRAL = new Set(['Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Dropout']);
/** Before this version of the operators, the axis of Softmax is 1 unless given. */
const SOFTMAX_LAST_AXIS = 13;

/**
 * What makes a value probabilities: `sigmoid` for independent ones, `softmax` for a distribution over the columns.
 *
 * @returns undefined where they are none, or the graph does not show it
 */
export function activationOf(model: OnnxModel, value: string): 'sigmoid' | 'softmax' | undefined {
  let current = value;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const node = model.producerOf(current);
    if (!node) return undefined;
    if (node.operator === 'Sigmoid') return 'sigmoid';
    if (node.operator === 'Softmax') return isOverColumns(model, node) ? 'softmax' : undefined;
    if (node.operator === 'Concat') return isOfPositives(model, node) ? 'sigmoid' : undefined;
    const transform =
      node.outputs[1] === current && classesOfClassifier(node) ? node.text('post_transform') : undefined;
    if (transform !== undefined) return activationOfClassifier(node, transform);
    if (!isNeutral(model, node)) return undefined;
    current = node.inputs.find((input) => !model.isConstant(input)) ?? '';
  }
  return undefined;
}

/** Of two classes ONNX Runtime transforms one score, and gives the other class the rest. */
function activationOfClassifier(node: OnnxNode, transform: string): 'softmax' | undefined {
  const isBinary = classesOfClassifier(node)?.length === 2;
  return transform === 'SOFTMAX' || (transform === 'LOGISTIC' && isBinary) ? 'softmax' : undefined;
}

function isNeutral(model: OnnxModel, node: OnnxNode): boolean {
  if (NEUTRAL.has(node.operator) || node.operator === 'Cast') return true;
  // A distribution stays one.
  if (node.operator === `${ML_DOMAIN}.Normalizer`) return node.text('norm') === 'L1';
  if (node.operator !== 'Mul' && node.operator !== 'Div') return false;
  const factor = model.constant(node.inputs[1] ?? '')?.values;
  return factor?.length === 1 && factor[0] === 1;
}

function isOverColumns(model: OnnxModel, node: OnnxNode): boolean {
  const axis = node.integer('axis') ?? ((model.opset() ?? 0) < SOFTMAX_LAST_AXIS ? 1 : -1);
  return axis !== 0;
}

/** Whether a row's values are the positive probabilities of several binary classifiers, as of scikit-learn's one-vs-rest. */
function isOfPositives(model: OnnxModel, concat: OnnxNode): boolean {
  const axis = concat.integer('axis');
  return (
    (axis === 1 || axis === -1) && concat.inputs.length > 1 && concat.inputs.every((part) => isPositive(model, part))
  );
}

function isPositive(model: OnnxModel, value: string): boolean {
  const column = model.producerOf(value);
  const classifier = column && model.producerOf(column.inputs[0] ?? '');
  if (!classifier || classifier.outputs[1] !== column.inputs[0] || !isSecondColumn(model, column)) return false;
  const classes = classesOfClassifier(classifier);
  return (
    classes?.length === 2 && classes[0] === 0 && classes[1] === 1 && classifier.text('post_transform') === 'LOGISTIC'
  );
}

function isSecondColumn(model: OnnxModel, node: OnnxNode): boolean {
  const isOne = (value: string | undefined): boolean => {
    const constant = model.constant(value ?? '')?.values;
    return constant?.length === 1 && constant[0] === 1;
  };
  if (node.operator === `${ML_DOMAIN}.ArrayFeatureExtractor`) return isOne(node.inputs[1]);
  if (node.operator === 'Gather') return node.integer('axis') === 1 && isOne(node.inputs[1]);
  if (node.operator !== 'Slice' || node.inputs.length < 4) return false;
  const end = model.constant(node.inputs[2] ?? '')?.values;
  return isOne(node.inputs[1]) && end?.length === 1 && end[0] === 2 && isOne(node.inputs[3]);
}
