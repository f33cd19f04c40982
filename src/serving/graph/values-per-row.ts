import { ML_DOMAIN } from './onnx-node.js';
import type { OnnxModel } from './onnx-model.js';

/** Longer chains of operators are not followed. */
const MAX_STEPS = 1_000;

/**
 * The number of values a row that the operator behind a value gives, where exporters declare another: a regressor, or a
 * choice of columns. Undefined for other operators.
 */
export function valuesPerRow(model: OnnxModel, value: string): number | undefined {
  let current = value;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const node = model.producerOf(current);
    switch (node?.operator) {
      case 'Identity':
      case 'Cast':
        current = node.inputs[0] ?? '';
        break;
      case `${ML_DOMAIN}.TreeEnsembleRegressor`:
        return node.integer('n_targets');
      case `${ML_DOMAIN}.LinearRegressor`:
        return node.integer('targets') ?? 1;
      case `${ML_DOMAIN}.SVMRegressor`:
        return 1;
      case `${ML_DOMAIN}.ArrayFeatureExtractor`:
        return model.constant(node.inputs[0] ?? '') ? undefined : model.constant(node.inputs[1] ?? '')?.values.length;
      case undefined:
      default:
        return undefined;
    }
  }
  return undefined;
}
