import type { ModelVersion, RowField } from '../../serving/index.js';
import { formatNames } from './format.js';

const INDENT = ' '.repeat(12);

/** Lines about the inputs of a version that has just been added: what is taken for granted of them, and how to say otherwise. */
export function describeInput({ manifest, schema }: ModelVersion): string[] {
  const features = manifest.features ?? schema?.fields.map(({ feature }) => feature) ?? [];
  const namesWith = (key: 'nullable' | 'values'): string[] => features.filter((of) => of[key]).map(({ name }) => name);
  const [nullable, listed] = [namesWith('nullable'), namesWith('values')];
  const facts = [
    ...(nullable.length > 0 ? [`May be missing: ${formatNames(nullable)}.`] : []),
    ...(listed.length > 0 ? [`Only known categories: ${formatNames(listed)}.`] : []),
  ];
  const isKnown = facts.length > 0;
  return [
    `  input     ${formatNames(features.map(({ name }) => name))}`,
    ...(isKnown
      ? [INDENT + facts.join(' '), `${INDENT}To say otherwise, change "nullable" and "values" in model.json.`]
      : []),
    ...(schema?.fields ?? []).flatMap(describeOtherCategories),
  ];
}

/** Lines where the encoder of this file knows other categories than model.json lists, as after a new training. */
function describeOtherCategories({ name, feature: { values, missing }, hints }: RowField): string[] {
  const categories = hints?.categories?.filter((category) => category !== '' && category !== missing);
  if (!values || !categories) return [];
  const added = categories.filter((category) => !values.includes(category));
  const gone = values.filter((value) => !categories.includes(value));
  return [
    ...(added.length > 0
      ? [`${INDENT}New in this file, and refused until "values" of ${name} has it: ${formatNames(added.map(String))}.`]
      : []),
    ...(gone.length > 0
      ? [`${INDENT}Not known to this file, though in "values" of ${name}: ${formatNames(gone.map(String))}.`]
      : []),
  ];
}
