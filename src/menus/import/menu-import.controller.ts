import { Controller, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Authenticated, CurrentMember, type AuthenticatedMember } from '../../auth/index.js';
import { AcceptsBody, ApiProblems, openUpload } from '../../platform/http/index.js';
import { JobDto } from '../../jobs/index.js';
import { ImportMenusDto, ImportPreviewDto } from './dto/menu-import.dto.js';
import { MenuImports } from './menu-imports.service.js';

const LOCATION = {
  Location: { description: 'Where the job is', schema: { type: 'string', example: '/jobs/…' } },
} as const;

@ApiTags('menus')
@Controller('menus/import')
@Authenticated()
export class MenuImportController {
  constructor(private readonly imports: MenuImports) {}

  @Post()
  @HttpCode(202)
  @AcceptsBody({ kinds: ['stream'], purpose: 'files' })
  @ApiOperation({
    summary: 'Add and update your menus from a file: CSV with the columns name and price, JSON lines or JSON',
  })
  @ApiAcceptedResponse({
    type: JobDto,
    description: 'The job that does it; its result has a line a row',
    headers: LOCATION,
  })
  @ApiOkResponse({ type: ImportPreviewDto, description: 'What it would change, with `preview=true`' })
  @ApiProblems({
    400: 'The form or the JSON is malformed, or did not arrive whole',
    413: 'More than 100,000 rows, or a file over UPLOAD_LIMIT_MB',
    415: 'Neither a form nor a file of rows',
    422: 'The file cannot be read, or a column is missing or unknown; a row that is wrong is left out, and named in the result',
    429: 'You have too many jobs that are not over',
    503: 'The database cannot be reached, or is busy',
    507: 'The database, or the room for files, is full',
  })
  async import(
    @Query() { preview }: ImportMenusDto,
    @Req() request: Request,
    @CurrentMember() member: AuthenticatedMember,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobDto | ImportPreviewDto> {
    const upload = await openUpload(request, this.imports.limit);
    if (preview === 'true') {
      response.status(200);
      return this.imports.preview(upload, member);
    }
    const job = await this.imports.start(upload, member);
    response.location(`/jobs/${job.id}`);
    return job;
  }
}
