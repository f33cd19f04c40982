import {
  inputSchema,
  isRequired,
  type JsonSchema,
  type Manifest,
  outputSchema,
  type RowField,
  type RowSchema,
  type Signature,
} from '../../serving/index.js';

/** Input and output of a model, as far as types need them. */
export interface ModelShape {
  readonly name: string;
  readonly manifest: Manifest;
  readonly schema: RowSchema;
  readonly signature: Signature;
}

const HEADER = `// Written by \`npm run model -- types\` from models/: the input and output of each model. Do not edit; run it again.
`;
/** A union of more names is not readable; the type is `string` instead. */
const MAX_NAMES = 100;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Generates the TypeScript source of the types of all models, unformatted. */
export function generateTypes(models: readonly ModelShape[]): string {
  const typeNames = typeNamesOf(models.map(({ name }) => name));
  const all = models.map(({ name }) => {
    const prefix = typeNames.get(name);
    return `readonly ${key(name)}: { readonly features: ${prefix}Features; readonly prediction: ${prefix}Prediction };`;
  });
  return [
    HEADER,
    ...models.map((model) => generateModel(model, typeNames.get(model.name)!)),
    '/** Every model, by name. */',
    `export interface ModelTypes {\n${all.join('\n')}\n}`,
  ].join('\n');
}

/** A PascalCase type name for each model; equal names get a number. */
export function typeNamesOf(models: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const model of models) {
    const words = model.split(/[^A-Za-z0-9]+/).map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
    const name = words.join('').replace(/^(?=\d)/, 'Model');
    const taken = new Set(names.values());
    let free = name;
    for (let number = 2; taken.has(free); number += 1) free = `${name}_${number}`;
    names.set(model, free);
  }
  return names;
}

function generateModel({ name, manifest, schema, signature }: ModelShape, prefix: string): string {
  const input = propertiesOf(inputSchema(schema));
  const features = schema.fields.map((field) => {
    const optional = isRequired(field) ? '' : '?';
    return `${comment(describeFeature(field))}readonly ${key(field.name)}${optional}: ${typeOf(input[field.name] ?? {})};`;
  });
  const output = outputSchema(signature, manifest);
  return [
    comment(`A row of ${name}. ${manifest.description ?? ''}`),
    `export interface ${prefix}Features {\n${features.join('\n')}\n}\n\n`,
    comment(`A prediction of ${name}.`),
    `export interface ${prefix}Prediction {\n${members(output).join('\n')}\n}\n`,
  ].join('');
}

/** `cm, 0 to 100: Length of the sepal`; unknown parts are left out. */
function describeFeature({ feature: { unit, minimum, maximum, description } }: RowField): string {
  const range = formatRange(minimum, maximum);
  const limits = [unit, range].filter((part) => part).join(', ');
  return [limits, description].filter((part) => part).join(': ');
}

function formatRange(minimum: number | undefined, maximum: number | undefined): string | undefined {
  if (minimum === undefined) return maximum === undefined ? undefined : `at most ${maximum}`;
  return maximum === undefined ? `at least ${minimum}` : `${minimum} to ${maximum}`;
}

function comment(description: string): string {
  const text = description.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ').trim();
  return text === '' ? '' : `/** ${text} */\n`;
}

function key(name: string): string {
  return IDENTIFIER.test(name) ? name : quote(name);
}

function quote(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>;
}

function members(schema: JsonSchema): string[] {
  const required = new Set((schema.required ?? []) as string[]);
  return Object.entries(propertiesOf(schema)).map(([name, property]) => {
    return `readonly ${key(name)}${required.has(name) ? '' : '?'}: ${typeOf(property)};`;
  });
}

/** The type that a JSON Schema, as `inputSchema` and `outputSchema` make it, describes. */
function typeOf({ nullable, ...schema }: JsonSchema): string {
  if (nullable) return `${typeOf(schema)} | null`;
  if (schema.type === 'array') return `readonly ${parenthesized(typeOf(schema.items as JsonSchema))}[]`;
  if (schema.type === 'object') return recordOf(schema);
  const values = (schema.enum as readonly (string | number | null)[] | undefined)?.filter((value) => value !== null);
  if (schema.type === 'string') return unionOf(values as readonly string[] | undefined);
  if (schema.type === 'boolean') return 'boolean';
  if (values && values.length <= MAX_NAMES) return values.join(' | ');
  return schema.format === 'int64' || schema.format === 'uint64' ? 'number | bigint' : 'number';
}

function parenthesized(type: string): string {
  return /[ |]/.test(type) ? `(${type})` : type;
}

/** A record of numbers. */
function recordOf(schema: JsonSchema): string {
  const names = schema.properties ? Object.keys(propertiesOf(schema)) : undefined;
  const isPartial = names !== undefined && (schema.required === undefined || names.length > MAX_NAMES);
  const record = `Record<${unionOf(names)}, number>`;
  return isPartial ? `Readonly<Partial<${record}>>` : `Readonly<${record}>`;
}

function unionOf(names: readonly string[] | undefined): string {
  return names === undefined || names.length > MAX_NAMES ? 'string' : names.map(quote).join(' | ');
}
