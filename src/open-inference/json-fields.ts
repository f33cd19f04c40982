import { MalformedRequestError } from '../platform/http/index.js';

/**
 * A JSON object of a request. Members that the protocol does not define are ignored, and null members count as absent: clients
 * with types write null for the optional members that they leave out.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

// Each function below throws MalformedRequestError where the value has another type; `label` names it in the message.

export function requireObject(value: unknown, label: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new MalformedRequestError(`${label} must be a JSON object.`);
}

export function readParameters(owner: JsonObject, label: string): JsonObject {
  return isAbsent(owner.parameters) ? {} : requireObject(owner.parameters, `${label}'s "parameters"`);
}

export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

export function requireArray(owner: JsonObject, name: string): readonly unknown[] {
  const value = owner[name];
  if (Array.isArray(value)) return value;
  throw new MalformedRequestError(`The request must have "${name}" as an array.`);
}

export function readString(owner: JsonObject, name: string): string | undefined {
  return readField(owner, name, 'text', (value) => typeof value === 'string') as string | undefined;
}

export function readBoolean(owner: JsonObject, name: string): boolean | undefined {
  return readField(owner, name, 'true or false', (value) => typeof value === 'boolean') as boolean | undefined;
}

export function readNonNegativeInteger(owner: JsonObject, name: string): number | undefined {
  const accepts = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  return readField(owner, name, 'an integer of 0 or more', accepts) as number | undefined;
}

export function rejectSharedMemory(parameters: JsonObject): void {
  if (isAbsent(parameters.shared_memory_region)) return;
  throw new MalformedRequestError('Shared memory is not served here: send tensors in the request, as JSON or binary.');
}

function readField(owner: JsonObject, name: string, type: string, accepts: (value: unknown) => boolean): unknown {
  const value = Object.hasOwn(owner, name) ? owner[name] : undefined;
  if (isAbsent(value)) return undefined;
  if (accepts(value)) return value;
  throw new MalformedRequestError(`"${name}" must be ${type}.`);
}
