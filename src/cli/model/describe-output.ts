import type { ModelVersion } from '../../serving/index.js';
import { formatNames } from './format.js';

const INDENT = ' '.repeat(12);

/** Lines about the outputs of a version that has just been added: what they are taken for, and how to say otherwise. */
export function describeOutput({ manifest, labels, signature }: ModelVersion): string[] {
  const { output } = manifest;
  if (!output)
    return ['  output    its outputs by name', `${INDENT}To give them a meaning, add "output" to model.json.`];
  const members = Object.keys(output).join(', ');
  const names = labels ? `; labels ${formatNames(labels)}` : '';
  return [`  output    ${members}${names}`, ...guessAbout(output, signature).map((line) => INDENT + line)];
}

function guessAbout(
  { logits, sigmoid, value, values }: NonNullable<ModelVersion['manifest']['output']>,
  signature: ModelVersion['signature'],
): string[] {
  if (logits !== undefined) {
    return [
      `"${logits}" is taken for the scores of labels that exclude each other (softmax).`,
      `If several labels may hold at once, write "output": {"sigmoid": "${logits}"} into model.json.`,
    ];
  }
  if (sigmoid !== undefined) {
    return [
      `"${sigmoid}" is taken for the scores of labels that may hold at once; a single score decides between two labels.`,
      `If it is a plain number, write "output": {"value": "${sigmoid}"} into model.json.`,
    ];
  }
  const shape = signature?.outputs.find(({ name }) => name === value)?.shape ?? [];
  const isList = value !== undefined && values === undefined && shape.length === 2 && shape[1] !== 1;
  return isList
    ? [`Name the values of "${value}" by "output": {"value": "${value}", "values": [ … ]} in model.json.`]
    : [];
}
