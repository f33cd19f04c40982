/**
 * `describe` for tests that need something of the machine. Where it is missing, this says so and they are skipped; in CI, where
 * nobody reads that, it throws.
 *
 * @param trouble why they cannot be run; undefined where they can
 */
export function describeWhere(trouble: string | undefined): typeof describe {
  if (trouble === undefined) return describe;
  if (process.env.CI === 'true') throw new Error(`CI=true, and ${trouble}`);
  process.stderr.write(`${trouble}: what needs it is not tested here.\n`);
  return describe.skip;
}
