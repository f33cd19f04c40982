import { stringifyExactJson } from '../platform/http/index.js';
import type { Feature, JsonSchema, Manifest } from '../serving/index.js';

/** One value to be filled in. */
export interface FormControl {
  readonly name: string;
  readonly kind: 'number' | 'integer' | 'text' | 'checkbox' | 'choice' | 'instant';
  readonly unit?: string;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices: readonly string[];
  readonly isOptional: boolean;
  /** What is filled in at first, as a form has it. */
  readonly initial: string;
}

/** What a page has for people to ask a model. */
export type ModelForm =
  | { readonly kind: 'fields'; readonly controls: readonly FormControl[] }
  /** A row that is no list of plain values is written as JSON. */
  | { readonly kind: 'json'; readonly initial: string }
  | { readonly kind: 'image'; readonly width: number; readonly height: number; readonly channels: number };

/** More would be no form that anybody fills in. */
const MAX_CONTROLS = 64;
/** A longer example is no help. */
const MAX_INITIAL_LENGTH = 20_000;

type Values = Readonly<Record<string, unknown>>;

/** The form of what an input schema says, with the example filled in, and units from the manifest's features. */
export function formOf(
  schema: JsonSchema,
  example: Values | undefined,
  features: Manifest['features'] = [],
): ModelForm {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const required = new Set((schema.required ?? []) as string[]);
  const controls = properties.map(([name, property]) => {
    const feature = features.find((candidate) => candidate.name === name);
    return controlOf(name, property, { isOptional: !required.has(name), feature, example });
  });
  const isPlain = controls.every((control) => control !== undefined);
  if (isPlain && controls.length > 0 && controls.length <= MAX_CONTROLS) return { kind: 'fields', controls };
  return { kind: 'json', initial: jsonOf(example) };
}

interface Context {
  readonly isOptional: boolean;
  readonly feature: Feature | undefined;
  readonly example: Values | undefined;
}

/** Undefined for what a single control cannot hold. */
function controlOf(
  name: string,
  schema: JsonSchema,
  { isOptional, feature, example }: Context,
): FormControl | undefined {
  const kind = kindOf(schema);
  if (kind === undefined) return undefined;
  const { unit, minimum, maximum } = { ...(schema as Partial<FormControl>), ...feature };
  const description = feature ? feature.description : (schema.description as string | undefined);
  const choices = (schema.enum ?? []) as string[];
  // What may be left out has a default that fits better than an example.
  const ownExample = isOptional ? undefined : schema.example;
  const given = example && Object.hasOwn(example, name) ? example[name] : (schema.default ?? ownExample);
  const initial = textOf(given, kind);
  return { name, kind, unit, description, minimum, maximum, choices, isOptional, initial };
}

function kindOf({ type, format, enum: choices }: JsonSchema): FormControl['kind'] | undefined {
  if (choices !== undefined) return type === 'string' ? 'choice' : undefined;
  if (type === 'number' || type === 'integer') return type;
  if (type === 'boolean') return 'checkbox';
  if (type === 'string') return format === 'date-time' ? 'instant' : 'text';
  return undefined;
}

function textOf(value: unknown, kind: FormControl['kind']): string {
  const text = typeof value === 'string' ? value : (stringifyExactJson(value) ?? '');
  // A browser's control has no zone: it is UTC's.
  return kind === 'instant' ? text.replace(/Z$/, '') : text;
}

/** One line for each value. */
function jsonOf(example: Values | undefined): string {
  const lines = Object.entries(example ?? {}).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${stringifyExactJson(value) ?? 'null'}`,
  );
  const text = lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n}`;
  return text.length > MAX_INITIAL_LENGTH ? '' : text;
}
