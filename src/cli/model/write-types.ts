import {
  inputSchema,
  type JsonSchema,
  type Manifest,
  outputSchema,
  type RowField,
  type RowSchema,
  type Signature,
} from '../../serving/index.js';

/** What is known of a model whose types are to be written. */
export interface ModelShape {
  readonly name: string;
  readonly manifest: Manifest;
  readonly schema: RowSchema;
  readonly signature: Signature;
}

const HEADER = `// Written by \`npm run model -- types\` from models/: what each model takes and answers. Do not edit; run it again.
`;
/** A union of more names than this says nothing that anybody would read. */
const MAX_NAMES = 100;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** The TypeScript source, not laid out yet, of every model's types. */
export function writeTypes(models: readonly ModelShape[]): string {
  const typeNames = typeNamesOf(models.map(({ name }) => name));
  const all = models.map(({ name }) => {
    const prefix = typeNames.get(name);
    return `readonly ${key(name)}: { readonly features: ${prefix}Features; readonly prediction: ${prefix}Prediction };`;
  });
  return [
    HEADER,
    ...models.map((model) => writeModel(model, typeNames.get(model.name)!)),
    '/** Every model, by name. */',
    `export interface ModelTypes {\n${all.join('\n')}\n}`,
  ].join('\n');
}

/** A name in PascalCase for each model; two that would be the same get a number. */
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

function writeModel({ name, manifest, schema, signature }: ModelShape, prefix: string): string {
  const input = propertiesOf(inputSchema(schema));
  const features = schema.fields.map((field) => {
    const optional = field.feature.default === undefined ? '' : '?';
    return `${comment(wordsFor(field))}readonly ${key(field.name)}${optional}: ${typeOf(input[field.name] ?? {})};`;
  });
  const output = outputSchema(signature, manifest);
  return [
    comment(`A row of ${name}. ${manifest.description ?? ''}`),
    `export interface ${prefix}Features {\n${features.join('\n')}\n}\n\n`,
    comment(`What ${name} answers to a row.`),
    `export interface ${prefix}Prediction {\n${members(output).join('\n')}\n}\n`,
  ].join('');
}

/** `cm, 0 to 100: Length of the sepal`, as much of it as is known. */
function wordsFor({ feature: { unit, minimum, maximum, description } }: RowField): string {
  const range = rangeInWords(minimum, maximum);
  const limits = [unit, range].filter((part) => part).join(', ');
  return [limits, description].filter((part) => part).join(': ');
}

function rangeInWords(minimum: number | undefined, maximum: number | undefined): string | undefined {
  if (minimum === undefined) return maximum === undefined ? undefined : `at most ${maximum}`;
  return maximum === undefined ? `at least ${minimum}` : `${minimum} to ${maximum}`;
}

function comment(words: string): string {
  const text = words.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ').trim();
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

/** The type of the values that a JSON Schema of ours describes. */
function typeOf(schema: JsonSchema): string {
  if (schema.type === 'array') return `readonly ${bracketed(typeOf(schema.items as JsonSchema))}[]`;
  if (schema.type === 'object') return recordOf(schema);
  if (schema.type === 'string') return unionOf(schema.enum as readonly string[] | undefined);
  if (schema.type === 'boolean') return 'boolean';
  return schema.format === 'int64' || schema.format === 'uint64' ? 'number | bigint' : 'number';
}

function bracketed(type: string): string {
  return /[ |]/.test(type) ? `(${type})` : type;
}

/** Numbers by name. */
function recordOf(schema: JsonSchema): string {
  const names = schema.properties ? Object.keys(propertiesOf(schema)) : undefined;
  const isPartial = names !== undefined && (schema.required === undefined || names.length > MAX_NAMES);
  const record = `Record<${unionOf(names)}, number>`;
  return isPartial ? `Readonly<Partial<${record}>>` : `Readonly<${record}>`;
}

function unionOf(names: readonly string[] | undefined): string {
  return names === undefined || names.length > MAX_NAMES ? 'string' : names.map(quote).join(' | ');
}
