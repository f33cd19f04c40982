import { poissonQuantile } from '../../src/demand/poisson.js';

describe('poissonQuantile', () => {
  /** Expected values from `scipy.stats.poisson.ppf(0.9, mean)`. */
  it.each([
    [0, 0],
    [0.05, 0],
    [0.11, 1],
    [1, 2],
    [4.3, 7],
    [20, 26],
    [1_000, 1_041],
    [5_000, 5_091],
  ])('of mean %d at probability 0.9 is %d', (mean, count) => {
    expect(poissonQuantile(mean, 0.9)).toBe(count);
  });
});
