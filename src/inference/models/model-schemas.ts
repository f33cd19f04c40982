import { imageSchema } from '../inputs/image.docs.js';
import {
  inputSchema,
  type JsonSchema,
  type Manifest,
  type Model,
  outputSchema,
  type RowField,
  type RowSchema,
  imageShape,
} from '../../serving/index.js';

/** What a model takes and answers, row by row. */
export interface ModelSchemas {
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** A row that it is known to answer. */
  readonly example: Readonly<Record<string, unknown>> | undefined;
}

/** From the version that serves; before a model that loads on its first use is loaded, from its manifest alone. */
export function schemasOf({ defaultVersion, manifest, loadsOnDemand }: Model): ModelSchemas | undefined {
  if (defaultVersion?.schema && defaultVersion.signature) {
    const { exampleRow: example } = defaultVersion;
    const output = outputSchema(defaultVersion.signature, defaultVersion.manifest);
    return { input: rowSchema(defaultVersion.schema, defaultVersion.manifest, example), output, example };
  }
  return loadsOnDemand ? promised(manifest) : undefined;
}

function promised(manifest: Manifest): ModelSchemas | undefined {
  const { features, output, example, input: pictures } = manifest;
  if (!features || !output) return undefined;
  const fields = features.map((feature): RowField => {
    if (pictures) return { name: feature.name, type: 'float32', shape: imageShape(pictures.image), feature };
    return { name: feature.name, type: typeOf(example?.input[feature.name]), shape: [], feature };
  });
  const input = rowSchema({ fields, inputs: [], isUniform: true }, manifest, example?.input);
  return { input, output: outputSchema({ inputs: [], outputs: [] }, manifest), example: example?.input };
}

function rowSchema(schema: RowSchema, { input }: Manifest, example: ModelSchemas['example']): JsonSchema {
  const row = inputSchema(schema, example);
  return input ? imageSchema(row, input.image) : row;
}

function typeOf(value: unknown): RowField['type'] {
  if (typeof value === 'string') return 'string';
  return typeof value === 'boolean' ? 'bool' : 'float32';
}
