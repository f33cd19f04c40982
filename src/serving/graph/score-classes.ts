import type { ClassValue } from '../signature/tensor.js';
import { classesOfClassifier, type ClassList, decisionsOf } from './class-lists.js';
import { ML_DOMAIN, type OnnxNode } from './onnx-node.js';
import type { OnnxModel } from './onnx-model.js';

/** Longer searches are given up. */
const MAX_STEPS = 10_000;

/** Operators with one input that treat each column alike, or all columns of a row together. */
const COLUMNWISE = new Set([
  ...['Identity', 'Cast', 'Dropout', 'Exp', 'Log', 'Neg', 'Abs', 'Sqrt', 'Sigmoid', 'Softmax', 'LogSoftmax', 'Clip'],
  ...['Tanh', 'Relu', 'Erf', 'LpNormalization', `${ML_DOMAIN}.Normalizer`, `${ML_DOMAIN}.Scaler`],
]);
/** Operators that combine tensors of the same columns. */
const ELEMENTWISE = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Sum', 'Mean', 'Max', 'Min', 'Where']);

/** Finds the classes that the columns of a value score. */
export class ScoreClasses {
  private readonly decisions: Map<string, ClassList>;

  constructor(private readonly model: OnnxModel) {
    this.decisions = decisionsOf(model);
    for (const [scores, list] of [...this.decisions]) this.addSources(scores, list);
  }

  /** The class of each column; undefined where the graph does not say, or contradicts itself. */
  find(value: string): ClassList | undefined {
    const seen = new Set([value]);
    let level = [value];
    while (level.length > 0 && seen.size <= MAX_STEPS) {
      const lists = level.flatMap((current) => this.classesAt(current) ?? []);
      const [first, ...others] = lists;
      if (first) return others.every(({ classes }) => isSame(classes, first.classes)) ? first : undefined;
      const next = level.flatMap((current) => this.sourcesOf(current)).filter((source) => !seen.has(source));
      level = [...new Set(next)];
      for (const source of level) seen.add(source);
    }
    return undefined;
  }

  private classesAt(value: string): ClassList | undefined {
    const decision = this.decisions.get(value);
    if (decision) return decision;
    const node = this.model.producerOf(value);
    if (node?.outputs[1] !== value) return undefined;
    const classes = classesOfClassifier(node);
    return classes && hasColumnForEach(node, classes) ? { classes, origin: node } : undefined;
  }

  private sourcesOf(value: string): readonly string[] {
    const node = this.model.producerOf(value);
    if (node?.outputs[0] !== value) return [];
    if (COLUMNWISE.has(node.operator)) return node.inputs.slice(0, 1);
    if (ELEMENTWISE.has(node.operator)) return node.inputs.filter((input) => !this.model.isConstant(input));
    return [];
  }

  /** What an `ArgMax` takes the greatest of has the columns of the value it is computed from, column by column. */
  private addSources(scores: string, list: ClassList): void {
    let current = scores;
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      const node = this.model.producerOf(current);
      if (!node || !COLUMNWISE.has(node.operator) || node.outputs[0] !== current) return;
      current = node.inputs[0] ?? '';
      if (this.decisions.has(current)) return;
      this.decisions.set(current, list);
    }
  }
}

/** A support vector machine without probabilities scores each pair of classes. */
function hasColumnForEach(node: OnnxNode, classes: readonly ClassValue[]): boolean {
  if (classes.length < 2) return false;
  const isVectorMachine = node.operator === `${ML_DOMAIN}.SVMClassifier`;
  return (
    !isVectorMachine ||
    classes.length === 2 ||
    node.floats('prob_a').length > 0 ||
    node.integers('vectors_per_class').length === 0
  );
}

export function isSame(a: readonly ClassValue[], b: readonly ClassValue[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
