import { MalformedRequestError } from '../platform/http/index.js';

/** A JSON object of a request. Names that the protocol does not know are let be. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Readers of such objects' fields; each throws `MalformedRequestError` where the value is of another kind. */
export function objectOf(value: unknown, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new MalformedRequestError(`${what} must be a JSON object.`);
}

export function parametersOf(owner: JsonObject, what: string): JsonObject {
  return owner.parameters === undefined ? {} : objectOf(owner.parameters, `${what}'s "parameters"`);
}

export function arrayOf(owner: JsonObject, name: string): readonly unknown[] {
  const value = owner[name];
  if (Array.isArray(value)) return value;
  throw new MalformedRequestError(`The request must have "${name}" as an array.`);
}

export function textOf(owner: JsonObject, name: string): string | undefined {
  return valueOf(owner, name, 'text', (value) => typeof value === 'string') as string | undefined;
}

export function flagOf(owner: JsonObject, name: string): boolean | undefined {
  return valueOf(owner, name, 'true or false', (value) => typeof value === 'boolean') as boolean | undefined;
}

/** An integer of 0 or more. */
export function wholeNumberOf(owner: JsonObject, name: string): number | undefined {
  const accepts = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  return valueOf(owner, name, 'an integer of 0 or more', accepts) as number | undefined;
}

export function refuseSharedMemory(parameters: JsonObject): void {
  if (parameters.shared_memory_region === undefined) return;
  throw new MalformedRequestError('Shared memory is not served here: send tensors in the request, as JSON or binary.');
}

function valueOf(owner: JsonObject, name: string, kind: string, accepts: (value: unknown) => boolean): unknown {
  const value = Object.hasOwn(owner, name) ? owner[name] : undefined;
  if (value === undefined || accepts(value)) return value;
  throw new MalformedRequestError(`"${name}" must be ${kind}.`);
}
