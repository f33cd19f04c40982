import { type Element, missingElementOf } from './element-conversion.js';
import type { InputPlan, RowField } from './row-schema.js';

/** The elements of one input whose values may be missing. */
export class MissingElements {
  private readonly fields: readonly RowField[];
  private readonly elements: readonly (Element | undefined)[];

  /** @param plans of all inputs; no element may be missing of an input that has none */
  constructor(
    plans: readonly InputPlan[],
    private readonly input: string,
  ) {
    this.fields = plans.find(({ tensor }) => tensor.name === input)?.fields ?? [];
    this.elements = this.fields.map(missingElementOf);
  }

  /** What stands for a missing value at this index; undefined where none may be missing. */
  at(index: number): Element | undefined {
    return this.elements[index % this.elements.length];
  }

  /** Replaces empty texts, which mean missing ones unless they are among the allowed values. */
  replaceEmptyTexts(texts: string[]): void {
    for (let index = texts.indexOf(''); index !== -1; index = texts.indexOf('', index + 1)) {
      const { values } = this.fields[index % this.fields.length]?.feature ?? {};
      const missing = values?.includes('') ? undefined : this.at(index);
      if (missing !== undefined) texts[index] = missing as string;
    }
  }

  /** How the value at this index may be missing, to follow the message that it may not. */
  advice(index: number): string {
    const { name = this.input } = this.fields[index % this.fields.length] ?? {};
    return `Where it may be missing, set "nullable": true for the feature "${name}" in model.json.`;
  }
}
