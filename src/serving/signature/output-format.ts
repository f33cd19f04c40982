import type { Manifest, OutputMapping } from '../manifest/manifest.js';
import { type ClassLabels, classLabelsOf } from './class-labels.js';
import { inferOutput } from './infer-output.js';
import { hasBatchDimension, SignatureError } from './row-schema.js';
import type { Signature, TensorSignature } from './tensor.js';

/** How the outputs of a model become predictions. */
export interface OutputFormat {
  /** The meanings of outputs; undefined where each output is given by its name. */
  readonly mapping: OutputMapping | undefined;
  /** The classes, or the independent labels of `sigmoid`; undefined where they are not known or there are none. */
  readonly classes: ClassLabels | undefined;
}

/**
 * Reads the meaning of a model's outputs from its manifest and its graph.
 *
 * @throws SignatureError where the manifest contradicts the graph or itself
 */
export function outputFormatOf(signature: Signature, manifest: Manifest): OutputFormat {
  const mapping = manifest.output ?? inferFromLabels(signature, manifest);
  if (!mapping) return { mapping, classes: undefined };
  const find = (name: string | undefined): TensorSignature | undefined => outputNamed(name, signature);
  const [label, value, independent] = [find(mapping.label), find(mapping.value), find(mapping.sigmoid)];
  const scores = find(mapping.probabilities ?? mapping.logits);
  requireConsistent(mapping);
  requireScores(mapping, signature);
  if (mapping.sigmoid !== undefined) {
    const width = independent && widthOf(independent, signature);
    const classes = independentLabels(manifest.labels, width === 1);
    const decidesBetweenTwo = width === 1 && classes?.names.length === 2;
    if (independent && classes && !decidesBetweenTwo) {
      const { length } = classes.names;
      requireWidth(independent, signature, length, `there are ${length} labels`);
    }
    return { mapping, classes };
  }
  if (label)
    requireWidth(label, signature, 1, 'a label is one value a row; for several labels at once use output.sigmoid');
  if (value && mapping.values) {
    const { length } = mapping.values;
    requireWidth(value, signature, length, `output.values in model.json has ${length} names`);
  }
  const classes = classLabelsOf(manifest.labels, label, scores);
  if (scores && classes) {
    const { length } = classes.names;
    const isOne = widthOf(scores, signature) === 1;
    const hint = isOne ? '; for one score between two labels use output.sigmoid' : '';
    requireWidth(scores, signature, length, `there are ${length} labels${hint}`);
  }
  return { mapping, classes };
}

/** The number of values for each row; undefined where it is only known after a run. */
export function widthOf(tensor: TensorSignature, signature: Signature): number | undefined {
  if (tensor.hasUnknownRank) return undefined;
  const shape = tensor.shape.slice(hasBatchDimension(tensor, signature) ? 1 : 0);
  return shape.reduce<number | undefined>((width, size) => {
    return width === undefined || typeof size === 'string' ? undefined : width * size;
  }, 1);
}

/** `labels` without `output`: the meanings follow from the names and types of the outputs. */
function inferFromLabels(signature: Signature, { labels }: Manifest): OutputMapping | undefined {
  if (labels === undefined || signature.outputs.length === 0) return undefined;
  const inferred = inferOutput(signature, { hasLabels: true });
  if (inferred?.label ?? inferred?.probabilities ?? inferred?.logits ?? inferred?.sigmoid) return inferred;
  const names = signature.outputs.map(({ name }) => `"${name}"`).join(', ');
  throw new SignatureError(
    `model.json has "labels", but which output they are for is not clear: say so in "output" ` +
      `(label, probabilities, logits or sigmoid); the model has ${names}`,
  );
}

function requireConsistent({ label, probabilities, logits, value, values, sigmoid, threshold }: OutputMapping): void {
  if (sigmoid !== undefined && (label ?? probabilities ?? logits ?? value) !== undefined) {
    throw new SignatureError(
      'output.sigmoid in model.json stands alone: leave label, probabilities, logits and value out',
    );
  }
  if (threshold !== undefined && sigmoid === undefined) {
    throw new SignatureError('output.threshold in model.json belongs to output.sigmoid, which is missing');
  }
  if (values !== undefined && value === undefined) {
    throw new SignatureError('output.values in model.json has names for the values of output.value, which is missing');
  }
  if (probabilities !== undefined && logits !== undefined) {
    throw new SignatureError('output in model.json has both probabilities and logits: give one of them');
  }
}

/** Probabilities that the model itself computes would be wrong after another sigmoid or softmax. */
function requireScores({ logits, sigmoid }: OutputMapping, { outputs }: Signature): void {
  const [key, name] = logits === undefined ? ['sigmoid', sigmoid] : ['logits', logits];
  const activation = outputs.find((output) => output.name === name)?.activation;
  if (activation === undefined || activation === key) return;
  const fix = activation === 'sigmoid' ? 'sigmoid' : 'probabilities';
  throw new SignatureError(
    `output.${key} in model.json names "${name}", which the model computes by a ${activation}: say output.${fix} instead`,
  );
}

/** Labels that are predicted independently; for one logit, the two labels between which it decides. */
function independentLabels(labels: Manifest['labels'], isOneLogit: boolean): ClassLabels | undefined {
  if (labels === undefined) return isOneLogit ? { names: ['0', '1'], values: ['0', '1'] } : undefined;
  return classLabelsOf(labels, undefined, undefined);
}

function requireWidth(tensor: TensorSignature, signature: Signature, expected: number, reason: string): void {
  const width = widthOf(tensor, signature);
  if (width === undefined || width === expected) return;
  throw new SignatureError(`the output "${tensor.name}" has ${width} values a row, but ${reason}`);
}

/** @throws SignatureError where the model has no such output; without outputs nothing is known yet */
function outputNamed(name: string | undefined, { outputs }: Signature): TensorSignature | undefined {
  const found = outputs.find((output) => output.name === name);
  if (found || name === undefined || outputs.length === 0) return found;
  const names = outputs.map((output) => output.name).join(', ');
  throw new SignatureError(`model.json names an output "${name}"; the model has ${names}`);
}
