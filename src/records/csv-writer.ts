/** Writes lines of CSV that a spreadsheet takes for texts and numbers only, never for formulas. */
export class CsvWriter {
  constructor(private readonly columns: readonly string[]) {}

  header(): string {
    return this.rows([this.columns]);
  }

  rows(_rows: readonly (readonly unknown[])[]): string {
    throw new Error('not written yet');
  }
}
