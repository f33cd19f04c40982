import type { FieldError } from '../http/index.js';
import type { FileRecord } from './record.js';

/** A line of CSV with as many cells as the header has columns. What few readers need is made when it is asked for. */
export class CsvRecord implements FileRecord {
  constructor(
    readonly position: number,
    readonly columns: readonly string[],
    readonly cells: readonly string[],
  ) {}

  get location(): FieldError['location'] {
    return ['body', 'file', this.position];
  }

  get value(): Record<string, string> {
    const { columns, cells } = this;
    const value: Record<string, string> = {};
    for (let index = 0; index < columns.length; index += 1) {
      if (cells[index] !== '') value[columns[index]!] = cells[index]!;
    }
    return value;
  }
}
