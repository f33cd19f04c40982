import { type Feature, isMissingText, type Manifest, outputSchema, type Signature } from '../../serving/index.js';
import { outputColumnOf } from './reference-file.js';
import { type FileRow, readRowsFile } from './rows-file.js';

/** The name of a column that has none in the graph. */
const NAMELESS = /^feature_\d+$/;
/** A column with one of several targets. */
const TARGET = 'values.';
/** An object lists such keys first, whatever their order in the file. */
const INTEGER = /^\d+$/;

/**
 * Completes a draft with what reference rows tell: the names of features and of targets, in the order of the columns, where the
 * graph has none; and which features may be missing. The rows prove all of it, or are refused with the draft.
 *
 * @throws CommandError where the file cannot be read
 */
export async function draftFromReference(inferred: Manifest, signature: Signature, file: string): Promise<Manifest> {
  const { columns, rows } = await readRowsFile(file, []);
  const draft = nameTargets(inferred, signature, columns);
  if (!draft.features) return draft;
  const outputs = Object.keys(outputSchema(signature, draft).properties as object);
  const inputs = columns.filter((column) => outputColumnOf(column, outputs) === undefined);
  const features = nameFeatures(draft.features, inputs).map((feature): Feature => {
    const type = typeOf(feature, signature);
    const mayBeMissing = type.startsWith('float') || type === 'string';
    const isMissing = ({ values: { [feature.name]: value }, isText }: FileRow): boolean => {
      return isText
        ? isMissingText({ type }, (value as string | undefined) ?? '')
        : value === undefined || value === null;
    };
    return mayBeMissing && inputs.includes(feature.name) && rows.some(isMissing)
      ? { ...feature, nullable: true }
      : feature;
  });
  return { ...draft, features };
}

/** Names the values of a regressor of several targets by the columns `values.<name>`. */
function nameTargets(draft: Manifest, { outputs }: Signature, columns: readonly string[]): Manifest {
  const names = columns.filter((column) => column.startsWith(TARGET)).map((column) => column.slice(TARGET.length));
  const target = outputs.find(({ name }) => name === draft.output?.value);
  if (names.length < 2 || target?.shape.at(-1) !== names.length) return draft;
  return { ...draft, output: { ...draft.output, values: names } };
}

function nameFeatures(features: readonly Feature[], names: readonly string[]): readonly Feature[] {
  const isNamed = features.some(({ name }) => !NAMELESS.test(name)) || names.some((name) => NAMELESS.test(name));
  if (isNamed || names.length !== features.length || names.some((name) => name === '' || INTEGER.test(name)))
    return features;
  return features.map((feature, index) => ({ ...feature, name: names[index]! }));
}

function typeOf({ name, tensor }: Feature, { inputs }: Signature) {
  const found = inputs.find((input) => input.name === (tensor ?? name)) ?? inputs[0]!;
  return found.type;
}
