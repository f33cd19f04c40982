import { DomainError } from '../../platform/http/index.js';

export class ReportFileNotFoundError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'model.report-not-found';

  constructor(model: string, file: string) {
    super(`The report of "${model}" has no file "${file}". Its page, /models/${model}, shows those there are.`);
  }
}
