import type { FieldError } from '../../platform/http/index.js';
import { type FinishedJob, JobHandler, type JobWork, type RunningJob } from '../../jobs/index.js';
import { CsvWriter, type FileRecord } from '../../platform/records/index.js';
import { FileStore } from '../../platform/storage/index.js';
import type { MenuFields } from '../menus.service.js';
import type { ImportOutcome } from './import-plan.js';
import { isGood, MENU_IMPORT, MenuImports, menusOf } from './menu-imports.service.js';
import { type MenuFile, menuRecords, type MenuRow, menuRowOf } from './menu-rows.js';

/** Rows of one transaction, for which all other writers wait. */
const STEP_ROWS = 100;
/** How often a member may be quicker. */
const MAX_TRIES = 5;

/** A line of the result. */
interface ResultLine extends Partial<MenuFields> {
  readonly row: number;
  readonly outcome?: ImportOutcome;
  readonly error?: { readonly code: string; readonly detail: string; readonly errors: readonly FieldError[] };
}

/** Somebody has changed what a step was planned for. */
class PlanOutdatedError extends Error {}

/**
 * Writes the menus of a file, a hundred in a transaction together with how far the job has come: wherever it stops, it
 * goes on with the row after the last that was written. Rows that are wrong are left out, and named in the result.
 */
@JobHandler(MENU_IMPORT)
export class MenuImportWork implements JobWork<MenuFile> {
  constructor(
    private readonly imports: MenuImports,
    private readonly files: FileStore,
  ) {}

  async run(job: RunningJob<MenuFile>): Promise<void> {
    let step: FileRecord[] = [];
    let toSkip = job.progress.done;
    for await (const records of menuRecords(this.files.read(job.inputId!), job.payload)) {
      for (const record of records) {
        if (toSkip > 0) toSkip -= 1;
        else step.push(record);
        if (step.length < STEP_ROWS) continue;
        await this.do(step, job);
        step = [];
      }
    }
    if (step.length > 0) await this.do(step, job);
  }

  async *toCsv(job: FinishedJob<MenuFile>): AsyncGenerator<string> {
    const writer = new CsvWriter(['row', 'name', 'price', 'outcome', 'error']);
    yield writer.header();
    for await (const piece of job.lines()) {
      const lines = piece.toString().trimEnd().split('\n');
      yield writer.rows(lines.map((line) => cellsOf(JSON.parse(line) as ResultLine)));
    }
  }

  private async do(records: readonly FileRecord[], job: RunningJob<MenuFile>): Promise<void> {
    job.signal.throwIfAborted();
    const rows = await Promise.all(records.map((record) => menuRowOf(record, job.payload.format)));
    for (let tries = 1; ; tries += 1) {
      try {
        await this.save(rows, job);
        return;
      } catch (error) {
        if (!(error instanceof PlanOutdatedError) || tries === MAX_TRIES) throw error;
      }
    }
  }

  /** The result is a part of the transaction: what it says of each row is what has become of it, or nothing is written. */
  private async save(rows: readonly MenuRow[], job: RunningJob<MenuFile>): Promise<void> {
    const { memberId, progress } = job;
    const menus = menusOf(rows.filter(isGood));
    const plan = await this.imports.plan(menus, memberId);
    const errors = progress.errors + rows.length - menus.length;
    await job.save({
      progress: { ...progress, done: progress.done + rows.length, errors },
      result: linesOf(rows, plan),
      work: async (manager) => {
        const outcomes = await this.imports.write(menus, memberId, manager);
        if (outcomes.some((outcome, index) => outcome !== plan[index])) throw new PlanOutdatedError();
      },
    });
  }
}

function cellsOf({ row, name, price, outcome, error }: ResultLine): readonly unknown[] {
  return [row, name, price, outcome, error?.detail];
}

/** Of each row what has become of it, or what is wrong with it. */
function linesOf(rows: readonly MenuRow[], plan: readonly ImportOutcome[]): Buffer {
  const outcomes = plan.values();
  const lines = rows.map(({ row, menu, errors }): ResultLine => {
    if (menu) return { row, ...menu, outcome: outcomes.next().value };
    const detail = errors.map(({ message }) => message).join('; ');
    return { row, error: { code: 'request.invalid', detail, errors } };
  });
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
