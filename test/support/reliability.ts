/**
 * Attacks take seconds, or minutes with `RELIABILITY=long`, or a share of that with `RELIABILITY_SHARE=0.1` beside it:
 * docs/reliability.md has the figures of the last long run.
 */
const isLong = process.env.RELIABILITY === 'long';
const share = Number(process.env.RELIABILITY_SHARE ?? 1);
const LONG_MS = 3_600_000;
const SHORT_MS = 120_000;

/** How much there is to be of something. */
export function scale(short: number, long: number): number {
  return isLong ? Math.ceil(long * share) : short;
}

/** The most that an attack may take before it counts as stuck. */
export const ATTACK_MS = isLong ? LONG_MS : SHORT_MS;

/** Says in the long form what was done. */
export function report(attack: string, figures: Readonly<Record<string, number>>): void {
  if (isLong) process.stderr.write(`${attack}: ${JSON.stringify(figures)}\n`);
}

/** How often each comes. */
export function countEach(values: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}

/** A number from 0 on and below the one given. */
export type Random = (below: number) => number;

/** Mulberry32: 32 bits of state, the same numbers everywhere. */
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
