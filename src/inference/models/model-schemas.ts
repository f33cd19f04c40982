import { isDeepStrictEqual } from 'node:util';
import {
  imageShape,
  inputSchema,
  type JsonSchema,
  type Manifest,
  type Model,
  type ModelVersion,
  outputSchema,
  type RowField,
  type RowSchema,
} from '../../serving/index.js';
import { imageSchema } from '../inputs/image.docs.js';

/** JSON Schemas of a model's rows and predictions. */
export interface ModelSchemas {
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** A valid row. */
  readonly example: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The schemas of the default version. A model that loads on its first request has those of its manifest until then.
 *
 * @returns undefined where neither is known
 */
export function schemasOf({ defaultVersion, manifest, loadsOnDemand }: Model): ModelSchemas | undefined {
  const schemas = defaultVersion && schemasOfVersion(defaultVersion);
  if (schemas) return schemas;
  return loadsOnDemand ? schemasFromManifest(manifest) : undefined;
}

/** The schemas of a version that are others than those of the default version; undefined for the same ones. */
export function ownSchemasOf(version: ModelVersion, { defaultVersion }: Model): ModelSchemas | undefined {
  if (version === defaultVersion) return undefined;
  const schemas = schemasOfVersion(version);
  const common = defaultVersion && schemasOfVersion(defaultVersion);
  return schemas && common && isDeepStrictEqual(withoutExample(schemas), withoutExample(common)) ? undefined : schemas;
}

function schemasOfVersion({
  schema,
  signature,
  manifest,
  exampleRow: example,
}: ModelVersion): ModelSchemas | undefined {
  if (!schema || !signature) return undefined;
  return { input: rowSchema(schema, manifest, example), output: outputSchema(signature, manifest), example };
}

function withoutExample({ input, output }: ModelSchemas): object {
  return { ...input, example: undefined, output };
}

function schemasFromManifest(manifest: Manifest): ModelSchemas | undefined {
  const { features, output, example, input: imageInput } = manifest;
  if (!features || !output) return undefined;
  const fields = features.map((feature): RowField => {
    if (imageInput) return { name: feature.name, type: 'float32', shape: imageShape(imageInput.image), feature };
    const known = example?.input[feature.name] ?? feature.values?.[0] ?? feature.missing ?? feature.default;
    return { name: feature.name, type: elementTypeOf(known), shape: [], feature };
  });
  const input = rowSchema({ fields, inputs: [], isUniform: true }, manifest, example?.input);
  return { input, output: outputSchema({ inputs: [], outputs: [] }, manifest), example: example?.input };
}

function rowSchema(schema: RowSchema, { input }: Manifest, example: ModelSchemas['example']): JsonSchema {
  const row = inputSchema(schema, example);
  return input ? imageSchema(row, input.image) : row;
}

function elementTypeOf(value: unknown): RowField['type'] {
  if (typeof value === 'string') return 'string';
  return typeof value === 'boolean' ? 'bool' : 'float32';
}
