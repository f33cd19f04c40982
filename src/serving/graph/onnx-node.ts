import type { ClassValue } from '../signature/tensor.js';
import { type ConstantTensor, readConstant } from './constant-tensor.js';
import { encodeBytes, encodeInteger, fieldsOf, floatsIn, integersIn, messageIn, textIn, Wire } from './wire.js';

/** Field numbers of `NodeProto` and `AttributeProto`. */
const NODE = { input: 1, output: 2, opType: 4, attribute: 5, domain: 7 };
const ATTRIBUTE = { name: 1, float: 2, integer: 3, text: 4, tensor: 5, floats: 7, integers: 8, texts: 9, type: 20 };
const AttributeType = { integer: 2, text: 3 };
const EMPTY = Buffer.alloc(0);

/** The domain of the operators of classical machine learning. */
export const ML_DOMAIN = 'ai.onnx.ml';

/** One operator of a graph. Attributes are read when they are asked for: those of a forest are long. */
export class OnnxNode {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of the default domain just its type, else with the domain: `ai.onnx.ml.ZipMap`. */
  readonly operator: string;
  private readonly attributes = new Map<string, Buffer>();

  constructor(readonly bytes: Buffer) {
    const [inputs, outputs]: [string[], string[]] = [[], []];
    let [opType, domain] = ['', ''];
    for (const field of fieldsOf(bytes)) {
      if (field.wireType !== Wire.bytes) continue;
      if (field.number === NODE.input) inputs.push(field.bytes.toString());
      else if (field.number === NODE.output) outputs.push(field.bytes.toString());
      else if (field.number === NODE.opType) opType = field.bytes.toString();
      else if (field.number === NODE.domain) domain = field.bytes.toString();
      else if (field.number === NODE.attribute) {
        this.attributes.set(textIn(field.bytes, ATTRIBUTE.name) ?? '', field.bytes);
      }
    }
    this.inputs = inputs;
    this.outputs = outputs;
    this.operator = domain === '' || domain === 'ai.onnx' ? opType : `${domain}.${opType}`;
  }

  has(attribute: string): boolean {
    return this.attributes.has(attribute);
  }

  /** An integer attribute; undefined where it is absent. */
  integer(attribute: string): number | undefined {
    const [value] = integersIn(this.attribute(attribute), ATTRIBUTE.integer);
    return value === undefined ? undefined : Number(value);
  }

  float(attribute: string): number | undefined {
    return floatsIn(this.attribute(attribute), ATTRIBUTE.float)[0];
  }

  text(attribute: string): string | undefined {
    return textIn(this.attribute(attribute), ATTRIBUTE.text);
  }

  integers(attribute: string): bigint[] {
    return integersIn(this.attribute(attribute), ATTRIBUTE.integers);
  }

  floats(attribute: string): number[] {
    return floatsIn(this.attribute(attribute), ATTRIBUTE.floats);
  }

  texts(attribute: string): string[] {
    const texts: string[] = [];
    for (const { number, wireType, bytes } of fieldsOf(this.attribute(attribute))) {
      if (number === ATTRIBUTE.texts && wireType === Wire.bytes) texts.push(bytes.toString());
    }
    return texts;
  }

  tensor(attribute: string): ConstantTensor | undefined {
    const tensor = messageIn(this.attribute(attribute), ATTRIBUTE.tensor);
    return tensor && readConstant(tensor);
  }

  /** Texts or integers, whichever of these attributes has some; undefined where none has any. */
  classValues(texts: string, ...integers: readonly string[]): ClassValue[] | undefined {
    const words = this.texts(texts);
    if (words.length > 0) return words;
    return integers.map((name) => this.integers(name).map(exactClass)).find(({ length }) => length > 0);
  }

  /** The same operator with a text attribute set. */
  withText(attribute: string, value: string): Buffer {
    const others = [...fieldsOf(this.bytes)].filter((field) => {
      return field.number !== NODE.attribute || textIn(field.bytes, ATTRIBUTE.name) !== attribute;
    });
    const made = [
      encodeBytes(ATTRIBUTE.name, attribute),
      encodeBytes(ATTRIBUTE.text, value),
      encodeInteger(ATTRIBUTE.type, AttributeType.text),
    ];
    return Buffer.concat([...others.map(({ whole }) => whole), encodeBytes(NODE.attribute, ...made)]);
  }

  /** The same operator with one value under another name. */
  renamed(from: string, to: string): Buffer {
    const parts: Buffer[] = [];
    for (const { number, bytes, whole } of fieldsOf(this.bytes)) {
      const isValue = number === NODE.input || number === NODE.output;
      parts.push(isValue && bytes.toString() === from ? encodeBytes(number, to) : whole);
    }
    return Buffer.concat(parts);
  }

  private attribute(name: string): Buffer {
    return this.attributes.get(name) ?? EMPTY;
  }
}

/** An operator of the default domain. Its only attribute, if any, is `axis`, of 0 to 127. */
export function encodeNode(type: string, inputs: readonly string[], output: string, axis?: number): Buffer {
  return Buffer.concat([
    ...inputs.map((input) => encodeBytes(NODE.input, input)),
    encodeBytes(NODE.output, output),
    encodeBytes(NODE.opType, type),
    ...(axis === undefined ? [] : [encodeBytes(NODE.attribute, encodeAxis(axis))]),
  ]);
}

function encodeAxis(axis: number): Buffer {
  return Buffer.concat([
    encodeBytes(ATTRIBUTE.name, 'axis'),
    encodeInteger(ATTRIBUTE.integer, axis),
    encodeInteger(ATTRIBUTE.type, AttributeType.integer),
  ]);
}

/** An integer as a class: the text of its digits beyond 2^53, where a number has not all of them. */
export function exactClass(integer: bigint): ClassValue {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : String(integer);
}
