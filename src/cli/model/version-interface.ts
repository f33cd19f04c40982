import { inputSchema, type Manifest, manifestOfVersion, outputSchema, type VersionEntry } from '../../serving/index.js';
import { CommandError } from '../command-line.js';
import { draftFromReference } from './draft-from-reference.js';
import { draftManifest } from './draft-manifest.js';
import { withoutExamples } from './example.js';
import { predictRows, sampleRows, type VersionSource, withLoadedVersion } from './loaded-version.js';

/** The keys of a manifest that a version may have of its own. */
export type VersionInterface = Pick<VersionEntry, 'features' | 'output' | 'labels'>;

export function hasOwnInterface({ features, output, labels }: VersionEntry): boolean {
  return features !== undefined || output !== undefined || labels !== undefined;
}

/**
 * Drafts the manifest of a version as if its model had none.
 *
 * @param rows a file of reference rows, which complete the draft
 * @throws CommandError where the version cannot be loaded, or the file cannot be read
 */
export function draftFor(source: Omit<VersionSource, 'manifest'>, rows: string | undefined): Promise<Manifest> {
  return withLoadedVersion({ ...source, manifest: {} }, async (loaded) => {
    const signature = loaded.signature!;
    const draft = draftManifest(signature, await predictRows(loaded, sampleRows(loaded)).catch(() => []));
    return rows === undefined ? draft : draftFromReference(draft, signature, rows);
  });
}

/**
 * Compares the rows and predictions of a version with those of the version that serves: clients must not notice a change of
 * version.
 *
 * @param current undefined where the model has no version that could serve
 * @returns the difference, in words; undefined if there is none
 */
export async function findInterfaceDifference(
  added: VersionSource,
  current: VersionSource | undefined,
): Promise<string | undefined> {
  let ours: string;
  try {
    ours = await schemasOf(added);
  } catch (error) {
    return (error as Error).message;
  }
  if (!current) return undefined;
  // A version that cannot be loaded has no clients.
  const theirs = await schemasOf(current).catch(() => ours);
  if (theirs === ours) return undefined;
  return `${added.name} does not take the same rows or give the same predictions as ${current.name}.`;
}

/**
 * Drafts the features, labels and outputs in which a version differs from its model. What of the manifest fits the version
 * applies to it as well.
 *
 * @param rows as for `draftFor`
 * @throws CommandError where the version cannot be loaded
 */
export async function draftInterface(source: VersionSource, rows: string | undefined): Promise<VersionInterface> {
  const { features, output, labels, input } = source.manifest;
  const draft = await draftFor(source, rows);
  const keepsFeatures = await fits(source, { features, input });
  const keepsOutput = await fits(source, { output, labels });
  return {
    ...(keepsFeatures ? {} : { features: draft.features ?? null }),
    ...(keepsOutput ? {} : { output: draft.output ?? null }),
    ...(keepsOutput || (labels === undefined && draft.labels === undefined) ? {} : { labels: draft.labels ?? null }),
  };
}

async function fits(source: VersionSource, manifest: Manifest): Promise<boolean> {
  try {
    return await withLoadedVersion({ ...source, manifest }, () => true);
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

function schemasOf(source: VersionSource): Promise<string> {
  const { manifest, version } = source;
  return withLoadedVersion({ ...source, manifest: withoutExamples(manifest, version) }, (loaded) => {
    const output = outputSchema(loaded.signature!, manifestOfVersion(manifest, version));
    return JSON.stringify([inputSchema(loaded.schema!), output]);
  });
}
