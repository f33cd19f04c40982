import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblems } from '../../platform/http/index.js';
import { ModelAccess } from '../../inference/index.js';
import { ModelStore } from '../../serving/index.js';
import { ModelReports } from './model-reports.js';
import type { ReportFileKind } from './report-files.js';

const MEDIA_TYPES: Record<ReportFileKind, string> = {
  png: 'image/png',
  txt: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
};
/** For public models. Short, because a new training replaces the files. */
const PUBLIC_CACHE_CONTROL = 'public, max-age=300';

/** Serves the files of model reports. */
@ApiTags('predictions')
@Controller('models')
export class ReportController {
  constructor(
    private readonly store: ModelStore,
    private readonly access: ModelAccess,
    private readonly reports: ModelReports,
  ) {}

  @Get(':name/report/:file')
  @ApiParam({ name: 'name', description: "The model's folder in the store", example: 'iris' })
  @ApiParam({ name: 'file', description: 'A picture, text or table', example: 'confusion-matrix.png' })
  @ApiOperation({ summary: "A file of a model's report, for those who may predict with it" })
  @ApiOkResponse({
    description: 'The file',
    content: {
      'image/png': { schema: { type: 'string', format: 'binary' } },
      'text/plain': { schema: { type: 'string' } },
      'application/json': { schema: {} },
    },
  })
  @ApiProblems({
    401: 'The model is for members, and the caller is not logged in',
    403: 'The model is for administrators',
    404: 'No such model, or no such file in its report',
  })
  async file(
    @Param('name') name: string,
    @Param('file') file: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const model = this.store.get(name);
    await this.access.require(model, request, response);
    const { kind, bytes } = await this.reports.file(model.name, file);
    if (model.access === 'public') response.set('Cache-Control', PUBLIC_CACHE_CONTROL);
    response.set('Content-Type', MEDIA_TYPES[kind]).send(bytes);
  }
}
