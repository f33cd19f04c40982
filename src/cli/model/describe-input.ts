import type { ModelVersion } from '../../serving/index.js';
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
  ];
}
