import type { FieldError } from '../../platform/http/index.js';
import { type FinishedJob, JobHandler, type RunningJob } from '../../jobs/index.js';
import { CsvWriter, type FileRecord } from '../../platform/records/index.js';
import { FileStore } from '../../platform/storage/index.js';
import type { MenuFields } from '../menus.service.js';
import type { ImportOutcome } from './import-plan.js';
import { isValid, MENU_IMPORT, MenuImportService, menusOf } from './menu-import.service.js';
import { type MenuFile, readMenuRecords, type MenuRow, parseMenuRow } from './menu-rows.js';

/** Rows in one transaction. Other writers wait for it on SQLite. */
const BATCH_ROWS = 100;
/** Attempts to write a batch while the member changes the same menus. */
const MAX_ATTEMPTS = 5;

/** A line of the result. */
interface ResultLine extends Partial<MenuFields> {
  readonly row: number;
  readonly outcome?: ImportOutcome;
  readonly error?: { readonly code: string; readonly detail: string; readonly errors: readonly FieldError[] };
}

/** The menus have changed between the plan and its transaction. */
class PlanOutdatedError extends Error {}

/**
 * Writes the menus of a file in batches. The job's progress is part of each transaction, so that an interrupted import resumes
 * after the last row written. Invalid rows are skipped, and named in the result.
 */
@JobHandler(MENU_IMPORT)
export class MenuImportHandler implements JobHandler<MenuFile> {
  constructor(
    private readonly imports: MenuImportService,
    private readonly files: FileStore,
  ) {}

  async run(job: RunningJob<MenuFile>): Promise<void> {
    let batch: FileRecord[] = [];
    let toSkip = job.progress.done;
    for await (const records of readMenuRecords(this.files.read(job.inputId!), job.payload)) {
      for (const record of records) {
        if (toSkip > 0) toSkip -= 1;
        else batch.push(record);
        if (batch.length < BATCH_ROWS) continue;
        await this.writeBatch(batch, job);
        batch = [];
      }
    }
    if (batch.length > 0) await this.writeBatch(batch, job);
  }

  async *toCsv(job: FinishedJob<MenuFile>): AsyncGenerator<string> {
    const writer = new CsvWriter(['row', 'name', 'price', 'outcome', 'error']);
    yield writer.header();
    for await (const piece of job.lines()) {
      const lines = piece.toString().trimEnd().split('\n');
      yield writer.rows(lines.map((line) => csvCells(JSON.parse(line) as ResultLine)));
    }
  }

  private async writeBatch(records: readonly FileRecord[], job: RunningJob<MenuFile>): Promise<void> {
    job.signal.throwIfAborted();
    const rows = await Promise.all(records.map((record) => parseMenuRow(record, job.payload.format)));
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.save(rows, job);
        return;
      } catch (error) {
        if (!(error instanceof PlanOutdatedError) || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** Saves menus and result in one transaction, and rolls back if an outcome differs from the one in the result. */
  private async save(rows: readonly MenuRow[], job: RunningJob<MenuFile>): Promise<void> {
    const { memberId, progress } = job;
    const menus = menusOf(rows.filter(isValid));
    const plan = await this.imports.plan(menus, memberId);
    const errors = progress.errors + rows.length - menus.length;
    await job.save({
      progress: { ...progress, done: progress.done + rows.length, errors },
      result: resultLines(rows, plan),
      work: async (manager) => {
        const outcomes = await this.imports.write(menus, memberId, manager);
        if (outcomes.some((outcome, index) => outcome !== plan[index])) throw new PlanOutdatedError();
      },
    });
  }
}

function csvCells({ row, name, price, outcome, error }: ResultLine): readonly unknown[] {
  return [row, name, price, outcome, error?.detail];
}

/** The JSON lines of the result: the outcome of each row, or its errors. */
function resultLines(rows: readonly MenuRow[], plan: readonly ImportOutcome[]): Buffer {
  const outcomes = plan.values();
  const lines = rows.map(({ row, menu, errors }): ResultLine => {
    if (menu) return { row, ...menu, outcome: outcomes.next().value };
    const detail = errors.map(({ message }) => message).join('; ');
    return { row, error: { code: 'request.invalid', detail, errors } };
  });
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
