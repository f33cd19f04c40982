import { type RowOutput, numberAt } from './row-outputs.js';

/** How scores become probabilities. */
export type Activation = 'none' | 'softmax' | 'sigmoid';

/** The probabilities in one row's part of an output. */
export function probabilitiesFrom(output: RowOutput, activation: Activation): number[] {
  const scores: number[] = [];
  for (let index = 0; index < output.end - output.start; index += 1) scores.push(numberAt(output, index));
  if (activation === 'softmax') return softmax(scores);
  return activation === 'sigmoid' ? scores.map(sigmoid) : scores;
}

/** The index of the first greatest score. */
export function argmax(scores: readonly number[]): number {
  let best = 0;
  for (let index = 1; index < scores.length; index += 1) {
    if (scores[index]! > (scores[best] ?? -Infinity)) best = index;
  }
  return best;
}

/** Subtracts the greatest score first, so that no exponential overflows. */
function softmax(scores: readonly number[]): number[] {
  const top = scores[argmax(scores)] ?? 0;
  const exponentials = scores.map((score) => Math.exp(score - top));
  const sum = exponentials.reduce((total, exponential) => total + exponential, 0);
  return exponentials.map((exponential) => exponential / sum);
}

function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score));
}
