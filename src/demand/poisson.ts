/**
 * The smallest number that a Poisson distributed count exceeds with a probability of at most `1 - share`: how many to have
 * ready, to have enough in that share of the cases.
 *
 * @param mean of the count, at least 0
 * @param share above 0, below 1
 */
export function enough(mean: number, share: number): number {
  // In logarithms, since the first probabilities of a large mean are smaller than any number.
  let logarithm = -mean;
  let covered = Math.exp(logarithm);
  let count = 0;
  while (covered < share) {
    count += 1;
    logarithm += Math.log(mean / count);
    covered += Math.exp(logarithm);
  }
  return count;
}
