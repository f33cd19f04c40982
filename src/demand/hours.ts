/** In milliseconds, as everything here. Hours and days are those of UTC. */
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;

/** The beginning of the hour that a time is in. */
export function hourOf(time: number): number {
  return Math.floor(time / HOUR) * HOUR;
}
