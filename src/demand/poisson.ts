/**
 * Quantile of a Poisson distribution: the smallest count whose cumulative probability is at least `probability`.
 *
 * @param mean of the distribution, at least 0
 * @param probability above 0 and below 1
 */
export function poissonQuantile(mean: number, probability: number): number {
  // Logarithms, because the first probabilities of a large mean underflow.
  let logarithm = -mean;
  let cumulative = Math.exp(logarithm);
  let count = 0;
  while (cumulative < probability) {
    count += 1;
    logarithm += Math.log(mean / count);
    cumulative += Math.exp(logarithm);
  }
  return count;
}
