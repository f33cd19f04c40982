import type { OutputMapping } from '../manifest/manifest.js';
import { hasBatchDimension } from './row-schema.js';
import { type Signature, type TensorSignature, unnamedDimension } from './tensor.js';

/** Whether the values that an output had in trial runs may be probabilities. */
type MayBeProbabilities = (output: string) => boolean;

/** The names that exporters give to the predictions of regressors. */
const REGRESSION = /^(variable|prediction|target|value)s?$/i;

/**
 * Infers the meanings of a model's outputs from its graph, and from their names, types and shapes.
 *
 * @returns undefined where they are not clear: each output is then given by its name
 */
export function inferOutput(
  signature: Signature,
  mayBeProbabilities: MayBeProbabilities = () => true,
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
  if (label) return label.tensor.classes && { label: label.name };
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
    return /^(u?int(32|64)|string|bool)$/.test(this.tensor.type);
  }

  private get isCalledLabel(): boolean {
    return /label|class/i.test(this.tensor.name);
  }
}
