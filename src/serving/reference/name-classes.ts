import type { ClassLabels } from '../signature/class-labels.js';
import type { ReferenceRow } from './reference.js';
import { isSameLabel } from '../signature/same-label.js';

type Output = ReferenceRow['output'];

/**
 * Gives classes their names where a row has their values in the model: the training library knows no others, and the names may
 * have been added to model.json later.
 */
export function nameClasses(output: Output, classes: ClassLabels | undefined): Output {
  if (!classes) return output;
  const { label, labels, probabilities } = output;
  return {
    ...output,
    ...(label === undefined ? {} : { label: nameOf(label, classes) }),
    ...(Array.isArray(labels) ? { labels: labels.map((item: unknown) => nameOf(item, classes)) } : {}),
    ...(isRecord(probabilities) ? { probabilities: nameKeys(probabilities, classes) } : {}),
  };
}

function nameKeys(probabilities: Output, classes: ClassLabels): Output {
  return Object.fromEntries(Object.entries(probabilities).map(([key, value]) => [nameOf(key, classes), value]));
}

function nameOf<T>(label: T, { names, values }: ClassLabels): T | string {
  const text = String(label);
  if (names.includes(text)) return label;
  const index = values.findIndex((value) => isSameLabel(value, text));
  return names[index] ?? label;
}

function isRecord(value: unknown): value is Output {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
