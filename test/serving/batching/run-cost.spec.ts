import { RunCost } from '../../../src/serving/batching/run-cost.js';

const policy = { maxBatchSize: 256, maxWaitMs: 0 };

describe('RunCost', () => {
  let cost: RunCost;

  beforeEach(() => {
    cost = new RunCost();
  });

  const observe = (count: number, rows: number, ms: number): void => {
    for (let run = 0; run < count; run += 1) cost.observe(rows, ms);
  };

  it('estimates nothing, and has no evidence, before the first runs', () => {
    expect(cost.estimate(1, 1)).toBe(0);
    expect(cost.hasEvidence).toBe(false);
    observe(7, 1, 5);
    expect(cost.hasEvidence).toBe(false);
    observe(1, 1, 5);
    expect(cost.hasEvidence).toBe(true);
  });

  it('estimates by the usual run where fewer than half of the runs were slow', () => {
    observe(11, 1, 2_000);
    observe(13, 1, 0.2);
    expect(cost.estimate(50, 50)).toBeCloseTo(10);
  });

  it('tells the cost of a run from the cost of its rows, also where some runs were slow', () => {
    for (const rows of [1, 3, 8, 20, 64, 100, 200, 256]) observe(2, rows, 10 + rows / 2);
    for (const rows of [1, 8, 64]) observe(1, rows, 3_000);
    expect(cost.estimate(1, 100)).toBeCloseTo(60);
    expect(cost.estimate(4, 100)).toBeCloseTo(90);
    expect(cost.rowsWithin(50, policy)).toBe(100);
  });

  it('forgets old runs', () => {
    observe(24, 1, 900);
    observe(24, 1, 1);
    expect(cost.estimate(1, 1)).toBe(1);
    expect(cost.slowest).toBe(1);
  });

  it('takes each row for its share of the run where all runs had the same size', () => {
    observe(8, 4, 20);
    expect(cost.rowsWithin(50, policy)).toBe(10);
    expect(cost.rowsWithin(1, policy)).toBe(1);
    expect(cost.rowsWithin(10_000, policy)).toBe(256);
  });

  it('counts a whole run for each row where rows do not share runs', () => {
    observe(8, 1, 20);
    expect(cost.rowsWithin(100, undefined)).toBe(5);
    expect(cost.rowsWithin(10_000, undefined)).toBe(16);
  });
});
