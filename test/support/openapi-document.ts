import { Ajv } from 'ajv';
import type { Client } from './client.js';

export interface Schema {
  readonly $ref?: string;
  readonly oneOf?: readonly Schema[];
  readonly type?: string;
  readonly example?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

export interface Media {
  readonly schema?: Schema;
  readonly example?: unknown;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly example?: unknown;
  readonly schema?: Schema;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { description: string; content?: Readonly<Record<string, Media>> }>>;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
}

type Document = {
  readonly tags: readonly { name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

const JSON_TYPE = 'application/json';

/** The OpenAPI document of a running application. */
export class OpenApiDocument {
  readonly operations: readonly Operation[];
  private readonly ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  private readonly components: object;

  private constructor(readonly content: Document) {
    this.operations = Object.entries(content.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
    );
    this.components = withoutUnnamedProperties(content.components);
  }

  static async of(client: Client): Promise<OpenApiDocument> {
    return new OpenApiDocument((await client.get('/openapi.json')).body as Document);
  }

  find(method: string, path: string): Operation {
    const found = this.operations.find((operation) => operation.method === method && operation.path === path);
    if (!found) throw new Error(`${method} ${path} is not documented`);
    return found;
  }

  /** @returns the example of a JSON body, or one built from its required properties; undefined if one is missing */
  bodyExample({ requestBody }: Operation): unknown {
    const { example, schema } = requestBody?.content[JSON_TYPE] ?? {};
    return example ?? (schema && this.schemaExample(schema));
  }

  /** @returns the path with the examples of its parameters, overridden by `values` */
  address({ path, parameters = [] }: Operation, values: Readonly<Record<string, string>> = {}): string {
    return path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const parameter = parameters.find((candidate) => candidate.name === name);
      const example = parameter?.example ?? parameter?.schema?.example;
      return values[name] ?? (example as { toString(): string } | undefined)?.toString() ?? '1';
    });
  }

  /** @returns the deviations of `body` from the documented response with `status` */
  deviations({ responses }: Operation, status: number, body: unknown): string[] {
    const schema = responses[status]?.content?.[JSON_TYPE]?.schema;
    if (!schema) return body === undefined ? [] : ['a body where none is documented'];
    const validate = this.ajv.compile({ ...withoutUnnamedProperties(schema), components: this.components });
    validate(body);
    return (validate.errors ?? []).map(
      (error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
    );
  }

  private schemaExample(schema: Schema): unknown {
    const { example, oneOf, required = [], properties = {} } = this.resolve(schema);
    if (example !== undefined) return example;
    if (oneOf?.[0]) return this.schemaExample(oneOf[0]);
    const examples = Object.entries(properties).map(
      ([name, property]) => [name, this.resolve(property).example] as const,
    );
    const given = examples.filter(([, value]) => value !== undefined);
    const isWhole = given.length > 0 && required.every((name) => given.some(([found]) => found === name));
    return isWhole ? Object.fromEntries(given) : undefined;
  }

  private resolve(schema: Schema): Schema {
    const name = schema.$ref?.split('/').at(-1);
    return name === undefined ? schema : (this.content.components.schemas[name] ?? {});
  }
}

/** @returns a copy of the schema that allows no additional properties unless it says so */
function withoutUnnamedProperties(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_, value: Record<string, unknown> | null) => {
    const isClosed = value?.type === 'object' && 'properties' in value && !('additionalProperties' in value);
    return isClosed ? { ...value, additionalProperties: false } : value;
  }) as object;
}
