import type { Example } from '../manifest/manifest.js';
import type { Prediction } from './respond.js';

/** Relative above 1 and absolute below. The order of float32 operations changes results by less. */
const TOLERANCE = 1e-4;

/**
 * Compares the prediction for the example with the values that the manifest expects.
 *
 * @param outputs the outputs of the same run, by tensor name
 * @returns the first difference, as a message for the operator; undefined if there is none
 */
export function findMismatch(prediction: Prediction, outputs: Prediction, example: Example): string | undefined {
  const { label, value, output, tolerance = TOLERANCE } = example;
  if (label !== undefined && prediction.label !== label) {
    return `it answers its own example with "${prediction.label}" instead of "${label}"`;
  }
  if (value !== undefined && !isClose(prediction.value, value, tolerance)) {
    return `it answers its own example with ${prediction.value} instead of ${value}`;
  }
  const wrong = Object.entries(output ?? {}).find(([name, expected]) => !isClose(outputs[name], expected, tolerance));
  return wrong ? `its output "${wrong[0]}" for its own example is not the one in model.json` : undefined;
}

/** Deep equality with a tolerance for numbers. */
export function isClose(actual: unknown, expected: unknown, tolerance = TOLERANCE): boolean {
  if (typeof actual === 'number' && typeof expected === 'number') {
    return Object.is(actual, expected) || Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
  }
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) {
    return actual === expected;
  }
  const keys = Object.keys(expected);
  return (
    keys.length === Object.keys(actual).length &&
    keys.every((key) => isClose((actual as never)[key], (expected as never)[key], tolerance))
  );
}
