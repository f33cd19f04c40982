import { ELEMENT_TYPES, type ElementType } from '../serving/index.js';

/** Element types by their names in the Open Inference Protocol. */
const DATATYPES = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
} as const satisfies Record<string, ElementType>;

export type Datatype = keyof typeof DATATYPES;

const NAMES = new Map(Object.entries(DATATYPES).map(([datatype, type]) => [type, datatype as Datatype]));

export const ALL_DATATYPES = Object.keys(DATATYPES) as readonly Datatype[];

export function isDatatype(name: unknown): name is Datatype {
  return typeof name === 'string' && Object.hasOwn(DATATYPES, name);
}

export function elementTypeOf(datatype: Datatype): ElementType {
  return DATATYPES[datatype];
}

export function datatypeOf(type: ElementType): Datatype {
  return NAMES.get(type)!;
}

/** Size of one element; undefined for strings, whose sizes vary. */
export function bytesPerElement(type: ElementType): number | undefined {
  return ELEMENT_TYPES[type].array?.BYTES_PER_ELEMENT;
}
