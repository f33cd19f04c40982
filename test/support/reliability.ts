/**
 * Resilience tests take seconds, or minutes with `RELIABILITY=long`, or a fraction of that with `RELIABILITY_SHARE=0.1`.
 * docs/reliability.md has the results of the last long run.
 */
const isLong = process.env.RELIABILITY === 'long';
const share = Number(process.env.RELIABILITY_SHARE ?? 1);
const LONG_MS = 3_600_000;
const SHORT_MS = 120_000;

/** Scales an amount to the length of the run. */
export function scale(short: number, long: number): number {
  return isLong ? Math.ceil(long * share) : short;
}

/** Timeout of a resilience test. */
export const ATTACK_MS = isLong ? LONG_MS : SHORT_MS;

/** Prints the figures of a long run. */
export function report(attack: string, figures: Readonly<Record<string, number>>): void {
  if (isLong) process.stderr.write(`${attack}: ${JSON.stringify(figures)}\n`);
}

/** @returns the number of occurrences of each value */
export function countEach(values: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}

/** @returns a random integer from 0 to `below` - 1 */
export type Random = (below: number) => number;

/** Mulberry32, a seeded generator with 32 bits of state: the same numbers on every machine. */
export function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), bits | 61)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) % Math.max(below, 1);
  };
}

export function pick<T>(choices: readonly T[], random: Random): T {
  return choices[random(choices.length)]!;
}
