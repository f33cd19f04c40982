/** Names with a meaning of their own in results and in the lines of a job. */
const OWN_NAMES = new Set(['row', 'error', 'id', 'predictionId', 'values', 'labels', 'explanation']);

/** The names of a model's outputs in results: an output called like a member of results gets the prefix `output_`. */
export function resultNames(outputs: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(outputs);
  const names = new Map<string, string>();
  for (const output of outputs) {
    let name = output;
    while (OWN_NAMES.has(name) || (name !== output && taken.has(name))) name = `output_${name}`;
    names.set(output, name);
  }
  return names;
}
