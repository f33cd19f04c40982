import type { OutputMapping } from '../manifest/manifest.js';
import { hasBatchDimension } from './row-schema.js';
import { type Signature, type TensorSignature, unnamedDimension } from './tensor.js';

interface InferOptions {
  /** Whether the values that an output had in trial runs may be probabilities; all may unless given. */
  readonly mayBeProbabilities?: (output: string) => boolean;
  /** Whether the manifest names classes, as of an outlier detector whose graph does not know them. */
  readonly hasLabels?: boolean;
}

/** The names that exporters give to the predictions of regressors. */
const REGRESSION = /^(variable|prediction|target|value)s?$/i;

/**
 * Infers the meanings of a model's outputs from its graph, and from their names, types and shapes.
 *
 * @returns undefined where they are not clear: each output is then given by its name
 */
export function inferOutput(
  signature: Signature,
  { mayBeProbabilities = () => true, hasLabels = false }: InferOptions = {},
): OutputMapping | undefined {
  const outputs = signature.outputs.map((tensor) => new OutputTraits(tensor, signature));
  const label = outputs.find((output) => output.isLabel);
  const [scores, ...further] = outputs.filter((output) => output !== label && !output.isListOfLabels);
  if (further.length > 0) return undefined;
  if (!scores) return label && { label: label.name };
  if (!scores.isFloatRow) return undefined;
  if (scores.isSigmoid && !label) return { sigmoid: scores.name };
  if (outputs.some(({ isListOfLabels }) => isListOfLabels)) return undefined;
  if (scores.isProbabilities && !scores.isSingle && mayBeProbabilities(scores.name)) {
    return { ...(label ? { label: label.name } : {}), probabilities: scores.name };
  }
  if (label && /logit/i.test(scores.name) && !scores.isSingle) return { label: label.name, logits: scores.name };
  if (label?.tensor.classes) return { label: label.name };
  if (label) return hasLabels && scores.isSingle ? { label: label.name, value: scores.name } : undefined;
  if (/logit/i.test(scores.name)) return scores.isSingle ? { sigmoid: scores.name } : { logits: scores.name };
  return scores.isSingle || REGRESSION.test(scores.name) ? { value: scores.name } : undefined;
}

/** What the signature tells about an output. */
class OutputTraits {
  private readonly rowShape: TensorSignature['shape'];
  private readonly hasRows: boolean;

  constructor(
    readonly tensor: TensorSignature,
    signature: Signature,
  ) {
    // Such a model runs one row at a time.
    const isUnnamed = tensor.shape[0] === unnamedDimension(tensor.name, 0);
    this.hasRows = hasBatchDimension(tensor, signature) || isUnnamed;
    this.rowShape = tensor.shape.slice(this.hasRows ? 1 : 0);
  }

  get name(): string {
    return this.tensor.name;
  }

  /** One class for each row. */
  get isLabel(): boolean {
    return this.isSingle && this.isDiscrete && (this.tensor.classes !== undefined || this.isCalledLabel);
  }

  /** Several labels for each row, as multi-label classifiers have them beside their probabilities. */
  get isListOfLabels(): boolean {
    return !this.isSingle && this.isDiscrete && this.isCalledLabel;
  }

  /** One value for each row. */
  get isSingle(): boolean {
    return this.hasRows && this.rowShape.every((size) => size === 1);
  }

  /** One or several numbers for each row. */
  get isFloatRow(): boolean {
    return this.tensor.type.startsWith('float') && this.hasRows && this.rowShape.length <= 1;
  }

  /** Probabilities of independent labels, rather than those of a classifier's classes. */
  get isSigmoid(): boolean {
    return this.tensor.activation === 'sigmoid' && this.tensor.classes === undefined;
  }

  get isProbabilities(): boolean {
    const { classes, activation, name } = this.tensor;
    return classes !== undefined || activation === 'softmax' || /prob/i.test(name);
  }

  private get isDiscrete(): boolean {
    return /^(u?int\d+|string|bool)$/.test(this.tensor.type);
  }

  private get isCalledLabel(): boolean {
    return /label|class/i.test(this.tensor.name);
  }
}
