import { readFile } from 'node:fs/promises';
import { Ajv, type ErrorObject } from 'ajv';
import { MANIFEST_SCHEMA } from './manifest.schema.js';
import type { Manifest } from './manifest.js';

/** What is wrong with a manifest, in words for the one who wrote it. */
export class ManifestError extends Error {}

// The schema is ours and tested: checking it against its own schema would cost every start some 60 ms.
const isManifest = new Ajv({ allErrors: true, allowUnionTypes: true, validateSchema: false }).compile<Manifest>(
  MANIFEST_SCHEMA,
);

/** The manifest in `file`, or undefined where there is none; throws `ManifestError`. */
export async function readManifest(file: string): Promise<Manifest | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new ManifestError(`model.json cannot be read (${error.code})`);
  });
  return text === undefined ? undefined : parseManifest(text);
}

export function parseManifest(text: string): Manifest {
  const manifest = parseJson(text);
  if (!isManifest(manifest)) {
    const problems = (isManifest.errors ?? []).map(describe);
    throw new ManifestError(`model.json: ${[...new Set(problems)].join('; ')}`);
  }
  refuseTwins(manifest);
  return manifest;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ManifestError(`model.json is not well-formed JSON: ${(error as Error).message}`);
  }
}

function refuseTwins({ features = [] }: Manifest): void {
  const names = features.map((feature) => feature.name);
  const twin = names.find((name, index) => names.indexOf(name) !== index);
  if (twin !== undefined) throw new ManifestError(`model.json: two features are called "${twin}"`);
}

function describe({ instancePath, message, params }: ErrorObject): string {
  const where = instancePath.slice(1).replaceAll('/', '.') || 'it';
  const { additionalProperty, allowedValues } = params as { additionalProperty?: string; allowedValues?: unknown[] };
  if (additionalProperty !== undefined) return `${where} has an unknown key "${additionalProperty}"`;
  if (allowedValues !== undefined) return `${where} must be one of ${allowedValues.join(', ')}`;
  return `${where} ${message ?? 'is wrong'}`;
}
