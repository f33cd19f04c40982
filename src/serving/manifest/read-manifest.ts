import { readFile } from 'node:fs/promises';
import { Ajv, type ErrorObject } from 'ajv';
import { decodeText } from '../../platform/config/index.js';
import { MANIFEST_SCHEMA } from './manifest.schema.js';
import type { Feature, Manifest } from './manifest.js';

/** The manifest is invalid; the message is for its author. */
export class ManifestError extends Error {}

// `validateSchema: false` saves 60 ms of every start; tests cover the schema.
const isManifest = new Ajv({ allErrors: true, allowUnionTypes: true, validateSchema: false }).compile<Manifest>(
  MANIFEST_SCHEMA,
);

/** Reads a manifest; undefined if the file does not exist. @throws ManifestError */
export async function readManifest(file: string): Promise<Manifest | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new ManifestError(`model.json cannot be read (${error.code})`);
  });
  return bytes && parseManifest(decodeManifest(bytes));
}

function decodeManifest(bytes: Uint8Array): string {
  try {
    return decodeText(bytes, { strict: true });
  } catch {
    throw new ManifestError('model.json is not UTF-8: save it as UTF-8');
  }
}

/** Parses and validates a manifest. @throws ManifestError naming every violation of the schema */
export function parseManifest(text: string): Manifest {
  const manifest = parseJson(text);
  if (!isManifest(manifest)) {
    const problems = (isManifest.errors ?? []).map(describeError);
    throw new ManifestError(`model.json: ${[...new Set(problems)].join('; ')}`);
  }
  for (const { features } of [manifest, ...Object.values(manifest.versions ?? {})])
    requireUniqueFeatures(features ?? []);
  return manifest;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ManifestError(`model.json is not well-formed JSON: ${(error as Error).message}`);
  }
}

function requireUniqueFeatures(features: readonly Feature[]): void {
  const names = features.map((feature) => feature.name);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined) throw new ManifestError(`model.json: two features are called "${duplicate}"`);
}

function describeError({ instancePath, message, params }: ErrorObject): string {
  const where = instancePath.slice(1).replaceAll('/', '.') || 'it';
  const { additionalProperty, allowedValues } = params as { additionalProperty?: string; allowedValues?: unknown[] };
  if (additionalProperty !== undefined) return `${where} has an unknown key "${additionalProperty}"`;
  if (allowedValues !== undefined) return `${where} must be one of ${allowedValues.join(', ')}`;
  return `${where} ${message ?? 'is wrong'}`;
}
