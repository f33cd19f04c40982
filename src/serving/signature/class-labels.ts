import type { Manifest } from '../manifest/manifest.js';
import { SignatureError } from './row-schema.js';
import { isSameLabel } from './same-label.js';
import type { ClassValue, TensorSignature } from './tensor.js';

/** The classes of a model in its own order, which is that of its scores. */
export interface ClassLabels {
  /** Their names, by index. */
  readonly names: readonly string[];
  /** Their values in the label output, as texts, by index. */
  readonly values: readonly string[];
}

const BOOLEANS = ['false', 'true'];

/**
 * Names the classes of a model: by `labels` in the manifest, or else by their values in the graph.
 *
 * @param label the output with the predicted class
 * @param scores the output with a score for each class
 * @returns undefined where neither the graph nor the manifest has them
 * @throws SignatureError where `labels` contradicts the graph
 */
export function classLabelsOf(
  labels: Manifest['labels'],
  label: TensorSignature | undefined,
  scores: TensorSignature | undefined,
): ClassLabels | undefined {
  const classes = label?.type === 'bool' ? BOOLEANS : agreedClasses(label, scores)?.map(String);
  if (labels === undefined) return classes && { names: classes, values: classes };
  if (isList(labels)) {
    if (classes) return namedInOrder(labels, classes);
    return { names: labels, values: label?.type === 'string' ? labels : labels.map((_, index) => String(index)) };
  }
  const values = classes ?? sortedKeys(labels);
  const names = values.map((value) => nameOf(value, labels, values));
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new SignatureError(`"labels" in model.json has two classes called "${repeated}"`);
  return { names, values };
}

function agreedClasses(
  label: TensorSignature | undefined,
  scores: TensorSignature | undefined,
): readonly ClassValue[] | undefined {
  if (label?.classes && scores?.classes && label.classes.join('\n') !== scores.classes.join('\n')) {
    throw new SignatureError(
      `the outputs "${label.name}" and "${scores.name}" are about different classes: ${list(label.classes)}, and ${list(scores.classes)}`,
    );
  }
  return label?.classes ?? scores?.classes;
}

/** `labels` as a list has a name for each class in the model's own order. */
function namedInOrder(labels: readonly string[], classes: readonly string[]): ClassLabels {
  if (labels.length !== classes.length) {
    throw new SignatureError(
      `"labels" in model.json has ${labels.length} names, but the model has ${classes.length} classes: ${list(classes)}`,
    );
  }
  const isRenamed = !labels.some((name) => classes.includes(name));
  if (!isRenamed && labels.some((name, index) => name !== classes[index])) {
    throw new SignatureError(
      `"labels" in model.json lists the classes in another order than the model, which has ${list(classes)}; ` +
        'list them in this order, or leave "labels" out',
    );
  }
  return { names: labels, values: classes };
}

function nameOf(value: string, labels: Readonly<Record<string, string>>, values: readonly string[]): string {
  const unknown = Object.keys(labels).find((key) => !values.some((known) => isSameLabel(known, key)));
  if (unknown !== undefined) {
    throw new SignatureError(`"labels" in model.json names a class ${unknown}; the model has ${list(values)}`);
  }
  if (Object.hasOwn(labels, value)) return labels[value]!;
  // Python writes booleans and numbers of floats otherwise: `True`, `1.0`.
  const same = Object.keys(labels).find((key) => isSameLabel(key, value));
  if (same !== undefined) return labels[same]!;
  throw new SignatureError(`"labels" in model.json has no name for the class ${value} of the model`);
}

function isList(labels: NonNullable<Manifest['labels']>): labels is readonly string[] {
  return Array.isArray(labels);
}

/** The order of scikit-learn: numbers by size. Keys that are no numbers keep their order in the manifest. */
function sortedKeys(labels: Readonly<Record<string, string>>): string[] {
  const keys = Object.keys(labels);
  return keys.every((key) => Number.isFinite(Number(key))) ? keys.sort((a, b) => Number(a) - Number(b)) : keys;
}

function list(classes: readonly ClassValue[]): string {
  const shown = classes.slice(0, 20).join(', ');
  return classes.length > 20 ? `${shown}, …` : shown;
}
