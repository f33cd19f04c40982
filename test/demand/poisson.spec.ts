import { enough } from '../../src/demand/poisson.js';

describe('enough', () => {
  /** As `scipy.stats.poisson.ppf(0.9, mean)` has it. */
  it.each([
    [0, 0],
    [0.05, 0],
    [0.11, 1],
    [1, 2],
    [4.3, 7],
    [20, 26],
    [1_000, 1_041],
    [5_000, 5_091],
  ])('of a count of %d on average is %d in nine cases of ten', (mean, count) => {
    expect(enough(mean, 0.9)).toBe(count);
  });
});
