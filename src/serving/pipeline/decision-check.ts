import type { OutputFormat } from '../signature/output-format.js';
import type { Prediction } from './respond.js';

/** Probabilities that differ by less are tied. */
const TIE = 1e-6;
/** Probabilities of float32 may leave 0 to 1 by rounding. */
const ROUNDING = 1e-3;

/**
 * Checks that the label of each prediction is the most probable one.
 *
 * @returns the first contradiction, with its usual cause and the fix; undefined if there is none
 */
export function findDecisionProblem(
  { mapping, classes }: OutputFormat,
  predictions: readonly Prediction[],
): string | undefined {
  if (!mapping) return undefined;
  const { label: labelOutput, decision } = mapping;
  const output = mapping.probabilities ?? mapping.logits ?? mapping.sigmoid;
  if (output === undefined) return undefined;
  for (const { label, index, probabilities } of predictions) {
    if (probabilities === undefined) continue;
    const entries = Object.entries(probabilities);
    const outside = entries.find(([, share]) => share < -ROUNDING || share > 1 + ROUNDING);
    if (outside) {
      return `its output "${output}" has the value ${outside[1]}, which is no probability: leave output.probabilities out, or say output.logits`;
    }
    if (labelOutput === undefined || label === undefined || index === undefined || decision === 'model') continue;
    const [best, share] = entries.reduce((a, b) => (b[1] > a[1] ? b : a));
    if ((probabilities[label] ?? -Infinity) >= share - TIE) continue;
    const cause =
      classes?.values[index] === classes?.names[index]
        ? `"labels" in model.json are in another order than the scores of the model`
        : `"labels" in model.json do not belong to the class values of "${labelOutput}": give a map from class value to name`;
    return (
      `it predicts "${label}", but the most probable label is "${best}". Usually ${cause}. ` +
      'If the model decides by another rule, say "decision": "model" in output'
    );
  }
  return undefined;
}
