import { ChoiceField, CursorParameter, DEFAULT_LIMIT, LimitParameter, UuidField } from '../../platform/http/index.js';
import { RESULT_FORMATS, type ResultFormat } from '../results/job-results.js';

export class JobIdDto {
  @UuidField({ description: 'The id of the job', example: '0197b7e6-7d0e-7a3b-9a55-1d8a2f6c3e10' })
  id!: string;
}

export class ListJobsDto {
  @LimitParameter()
  limit: number = DEFAULT_LIMIT;

  @CursorParameter('The `nextCursor` of the previous page')
  cursor?: string;
}

export class JobResultDto {
  @ChoiceField(RESULT_FORMATS, {
    optional: true,
    description: 'JSON lines or CSV; takes precedence over `Accept`, for links in a browser',
    example: 'jsonl',
  })
  format?: ResultFormat;
}
