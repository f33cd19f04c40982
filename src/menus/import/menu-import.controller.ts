import { Controller, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Authenticated, CurrentMember, type AuthenticatedMember } from '../../auth/index.js';
import { AcceptsBody, ApiProblems, openUpload } from '../../platform/http/index.js';
import { JobDto } from '../../jobs/index.js';
import { ImportMenusDto, ImportPreviewDto } from './dto/menu-import.dto.js';
import { MenuImportService } from './menu-import.service.js';

const LOCATION = {
  Location: { description: 'The URL of the job', schema: { type: 'string', example: '/jobs/…' } },
} as const;

@ApiTags('menus')
@Controller('menus/import')
@Authenticated()
export class MenuImportController {
  constructor(private readonly imports: MenuImportService) {}

  @Post()
  @HttpCode(202)
  @AcceptsBody({ kinds: ['stream'], purpose: 'files' })
  @ApiOperation({
    summary: 'Add and update your menus from a file: CSV with the columns name and price, JSON lines or JSON',
  })
  @ApiAcceptedResponse({
    type: JobDto,
    description: 'The import job; its result has one line for each row',
    headers: LOCATION,
  })
  @ApiOkResponse({ type: ImportPreviewDto, description: 'The changes that the import would make, with `preview=true`' })
  @ApiProblems({
    400: 'The form or the JSON is malformed, or did not arrive whole',
    413: 'More than 100,000 rows, or a file larger than UPLOAD_LIMIT_MB',
    415: 'Neither a form nor a file of rows',
    422: 'The file cannot be read, or a column is missing or unknown. Invalid rows are skipped, and named in the result',
    429: 'You have too many unfinished jobs',
    503: 'The database cannot be reached, or is busy',
    507: 'The database or the file storage is full',
  })
  async import(
    @Query() { preview, delimiter }: ImportMenusDto,
    @Req() request: Request,
    @CurrentMember() member: AuthenticatedMember,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobDto | ImportPreviewDto> {
    const upload = await openUpload(request, this.imports.maxFileBytes);
    if (preview) {
      response.status(200);
      return this.imports.preview(upload, delimiter, member);
    }
    const job = await this.imports.start(upload, delimiter, member);
    response.location(`/jobs/${job.id}`);
    return job;
  }
}
