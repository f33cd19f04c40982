import { stringifyExactJson } from '../platform/http/index.js';
import type { Feature, JsonSchema, Manifest } from '../serving/index.js';

/** An input control of a form. */
export interface FormControl {
  readonly name: string;
  readonly kind: 'number' | 'integer' | 'text' | 'checkbox' | 'choice' | 'instant';
  readonly unit?: string;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** As texts. */
  readonly choices: readonly string[];
  /** The type of the value, as JSON Schema names it. */
  readonly type: string;
  readonly isOptional: boolean;
  /** The initial value, as text. */
  readonly initial: string;
}

/** A form for the input of a model. */
export type ModelForm =
  | { readonly kind: 'fields'; readonly controls: readonly FormControl[] }
  /** One text area for the row as JSON, if it has values that no control can hold. */
  | { readonly kind: 'json'; readonly initial: string }
  | { readonly kind: 'image'; readonly width: number; readonly height: number; readonly channels: number };

/** A row with more fields is entered as JSON. */
const MAX_CONTROLS = 64;
/** Characters. A longer example is left out. */
const MAX_INITIAL_LENGTH = 20_000;

const PLAIN_TYPES: readonly string[] = ['string', 'number', 'integer'];

type Values = Readonly<Record<string, unknown>>;

/**
 * Builds the form for an input schema.
 *
 * @param example initial values
 * @param features of the manifest, for units, ranges and descriptions
 */
export function buildForm(
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

/** Undefined for a value that no control can hold. */
function controlOf(
  name: string,
  schema: JsonSchema,
  { isOptional, feature, example }: Context,
): FormControl | undefined {
  const kind = kindOf(schema);
  if (kind === undefined) return undefined;
  const { unit, minimum, maximum } = { ...(schema as Partial<FormControl>), ...feature };
  const description = feature ? feature.description : (schema.description as string | undefined);
  const choices = kind === 'choice' ? choicesOf(schema) : [];
  // An optional field starts with its default rather than with an example.
  const ownExample = isOptional ? undefined : schema.example;
  const given = example && Object.hasOwn(example, name) ? example[name] : (schema.default ?? ownExample);
  const initial = textOf(given, kind);
  const { type = 'string' } = schema;
  return { name, kind, unit, description, minimum, maximum, choices, type, isOptional, initial };
}

function kindOf({ type, format, enum: choices, nullable }: JsonSchema): FormControl['kind'] | undefined {
  if (choices !== undefined) return PLAIN_TYPES.includes(type ?? '') ? 'choice' : undefined;
  if (type === 'number' || type === 'integer') return type;
  // A checkbox has no third state.
  if (type === 'boolean') return nullable ? 'choice' : 'checkbox';
  if (type === 'string') return format === 'date-time' ? 'instant' : 'text';
  return undefined;
}

function choicesOf({ enum: choices = ['true', 'false'] }: JsonSchema): string[] {
  return (choices as unknown[]).filter((choice) => choice !== null).map(String);
}

function textOf(value: unknown, kind: FormControl['kind']): string {
  if (value === null) return '';
  const text = typeof value === 'string' ? value : (stringifyExactJson(value) ?? '');
  // `<input type="datetime-local">` has no time zone: it means UTC here.
  return kind === 'instant' ? text.replace(/Z$/, '') : text;
}

/** The example as JSON, with a line for each value. */
function jsonOf(example: Values | undefined): string {
  const lines = Object.entries(example ?? {}).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${stringifyExactJson(value) ?? 'null'}`,
  );
  const text = lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n}`;
  return text.length > MAX_INITIAL_LENGTH ? '' : text;
}
