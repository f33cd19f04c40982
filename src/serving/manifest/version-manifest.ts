import type { Example, Feature, Manifest } from './manifest.js';

/**
 * The manifest as one version sees it: with the features, labels, outputs and the example that are its own. `null` in the
 * entry of the version takes a key of the manifest away.
 */
export function manifestOfVersion(manifest: Manifest, version: string): Manifest {
  const { features, labels, output } = manifest.versions?.[version] ?? {};
  return {
    ...manifest,
    ...(features === undefined ? {} : { features: features ?? undefined }),
    ...(labels === undefined ? {} : { labels: labels ?? undefined }),
    ...(output === undefined ? {} : { output: output ?? undefined }),
    example: exampleOf(manifest, version),
  };
}

/** The example with the prediction that is expected of this version; undefined if it has none. */
export function exampleOf(manifest: Manifest, version: string): Example | undefined {
  const { input, ...expected } = manifest.versions?.[version]?.example ?? {};
  if (input !== undefined) return { input, ...expected };
  const common = commonExample(manifest, version);
  return common && { ...common, ...expected };
}

/** What the example of the manifest says about this version: nothing where it takes other rows, and its input alone where it has other outputs. */
function commonExample({ example, versions }: Manifest, version: string): Example | undefined {
  const { features, labels, output } = versions?.[version] ?? {};
  if (!example || (features !== undefined && !fits(example.input, features ?? []))) return undefined;
  const { input, ...expected } = example;
  if (output !== undefined) return { input };
  if (labels === undefined || expected.label === undefined) return example;
  if (Object.values(labels ?? []).includes(expected.label)) return example;
  return { input, ...expected, label: undefined };
}

function fits(input: Example['input'], features: readonly Feature[]): boolean {
  const isGiven = ({ name, default: fallback, nullable }: Feature): boolean =>
    Object.hasOwn(input, name) || fallback !== undefined || nullable === true;
  return features.every(isGiven) && Object.keys(input).every((key) => features.some(({ name }) => name === key));
}
