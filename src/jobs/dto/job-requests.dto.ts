import { ChoiceField, CursorParameter, DEFAULT_LIMIT, LimitParameter, UuidField } from '../../platform/http/index.js';
import { RESULT_FORMATS, type ResultFormat } from '../results/job-results.js';

export class JobIdDto {
  @UuidField({ description: 'The id, as the list has it', example: '0197b7e6-7d0e-7a3b-9a55-1d8a2f6c3e10' })
  id!: string;
}

export class ListJobsDto {
  @LimitParameter()
  limit: number = DEFAULT_LIMIT;

  @CursorParameter('The `nextCursor` of the page before')
  cursor?: string;
}

export class JobResultDto {
  @ChoiceField(RESULT_FORMATS, {
    optional: true,
    description: 'Instead of `Accept`, for a link that a browser follows: JSON lines, or CSV',
    example: 'jsonl',
  })
  format?: ResultFormat;
}
