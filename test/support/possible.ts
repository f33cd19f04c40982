/**
 * Whether tests that need something of the machine can be run. Where they cannot, this says so and the caller skips them;
 * in CI, where nobody reads that, it throws.
 *
 * @param trouble why they cannot; undefined where they can
 */
export function isPossible(trouble: string | undefined): boolean {
  if (trouble === undefined) return true;
  if (process.env.CI === 'true') throw new Error(`CI=true, and ${trouble}`);
  process.stderr.write(`${trouble}: what needs it is not tested here.\n`);
  return false;
}
