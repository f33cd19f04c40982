import {
  applyDecorators,
  Body,
  Controller,
  Get,
  HttpCode,
  Param,
  Post,
  Put,
  Req,
  Res,
  type Type,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiParam, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentMember, type Principal, Roles } from '../../auth/index.js';
import {
  AcceptsBody,
  ApiProblems,
  CurrentActor,
  InvalidInputError,
  prefersHtml,
  type RequestActor,
  UploadedFiles,
} from '../../platform/http/index.js';
import { SecurityLog } from '../../platform/logging/index.js';
import { VersionNotReadyError } from '../../serving/serving.errors.js';
import { isOfPage, ModelPageFilter } from '../../model-pages/model-page.filter.js';
import { ModelPages } from '../../model-pages/model-pages.js';
import type { Model } from '../../serving/repository/model.js';
import { ModelStore } from '../../serving/repository/model-store.js';
import { describeModel, summarize } from './describe-model.js';
import { ChooseVersionDto } from './dto/choose-version.dto.js';
import { ModelDto, ModelListDto } from './dto/model.dto.js';
import { PredictionsDto } from '../predict/dto/prediction.dto.js';
import { ModelAccessGuard } from '../access/model-access.guard.js';
import { itemsOfModelPredict } from '../inputs/prediction-input.js';
import { PredictionsService } from '../predict/predictions.service.js';
import { ApiPredictionProblems } from '../predict/prediction-problems.js';
import { CurrentCall, type PredictionCall } from '../predict/request.decorators.js';

const ApiModelName = (): MethodDecorator =>
  ApiParam({ name: 'name', description: "The model's folder in the store", example: 'iris' });

/** What browsers get instead is for people. */
const ApiJsonOrPage = (type: Type): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(type),
    ApiOkResponse({
      content: {
        'application/json': { schema: { $ref: getSchemaPath(type) } },
        'text/html': { schema: { type: 'string' } },
      },
    }),
  );

@ApiTags('predictions')
@Controller('models')
export class ModelsController {
  constructor(
    private readonly store: ModelStore,
    private readonly service: PredictionsService,
    private readonly securityLog: SecurityLog,
    private readonly pages: ModelPages,
  ) {}

  @Get()
  @UseFilters(ModelPageFilter)
  @ApiOperation({ summary: 'The models there are, and how they are; a page for browsers' })
  @ApiJsonOrPage(ModelListDto)
  list(@Req() request: Request, @Res({ passthrough: true }) response: Response): ModelListDto | Promise<string> {
    if (prefersHtml(request)) return this.pages.list(request, response);
    response.vary('Accept');
    return { items: this.store.all().map(summarize) };
  }

  @Get(':name')
  @UseFilters(ModelPageFilter)
  @ApiModelName()
  @ApiOperation({ summary: 'A model: its versions, what it takes and what it answers; a page for browsers' })
  @ApiJsonOrPage(ModelDto)
  @ApiProblems({ 404: 'No such model' })
  show(
    @Param('name') name: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): ModelDto | Promise<string> {
    if (prefersHtml(request)) return this.pages.show(name, request, response);
    response.vary('Accept');
    return describeModel(this.store.get(name));
  }

  @Put(':name/default')
  @Roles('admin', { fresh: true })
  @ApiModelName()
  @ApiOperation({ summary: 'Choose the version that serves; kept across restarts (administrators)' })
  @ApiOkResponse({ type: ModelDto })
  @ApiProblems({
    404: 'No such model',
    409: 'The version is not ready',
    422: 'No such version',
    503: 'The database is busy',
    507: 'The database is full',
  })
  async choose(
    @Param('name') name: string,
    @Body() { version }: ChooseVersionDto,
    @CurrentMember() member: Principal,
    @CurrentActor() actor: RequestActor,
  ): Promise<ModelDto> {
    const model = this.store.get(name);
    if (version !== null) demandReady(model, version);
    await this.store.choose(model, version);
    this.securityLog.record('model.default.changed', { ...actor, memberId: member.id }, { model: name, version });
    return describeModel(model);
  }

  @Post(':name/predict')
  @HttpCode(200)
  @UseGuards(ModelAccessGuard)
  @UseFilters(ModelPageFilter)
  @AcceptsBody({ kinds: ['json', 'form', 'files'], purpose: 'predictions' })
  @ApiModelName()
  @ApiOperation({ summary: 'Predict with the version that serves: one row, {"instances": […]}, or files' })
  @ApiJsonOrPage(PredictionsDto)
  @ApiPredictionProblems()
  predict(
    @Param('name') name: string,
    @Body() value: unknown,
    @CurrentCall() call: PredictionCall,
  ): Promise<PredictionsDto | string> {
    // Only what may come from a page's form has its headers looked at.
    const mayBeOfPage = call.isForm || value instanceof UploadedFiles;
    if (mayBeOfPage && isOfPage(call.request)) return this.pages.predict(name, value, call);
    return this.service.predict({ model: name, value, itemsOf: itemsOfModelPredict, call });
  }

  @Post(':name/versions/:version/predict')
  @HttpCode(200)
  @UseGuards(ModelAccessGuard)
  @AcceptsBody({ kinds: ['json', 'form', 'files'], purpose: 'predictions' })
  @ApiModelName()
  @ApiParam({ name: 'version', description: 'A version number', example: '1' })
  @ApiOperation({ summary: 'Predict with one version: one row, {"instances": […]}, or files' })
  @ApiOkResponse({ type: PredictionsDto })
  @ApiPredictionProblems()
  predictWithVersion(
    @Param('name') name: string,
    @Param('version') version: string,
    @Body() value: unknown,
    @CurrentCall() call: PredictionCall,
  ): Promise<PredictionsDto> {
    return this.service.predict({ model: name, version, value, itemsOf: itemsOfModelPredict, call });
  }
}

function demandReady(model: Model, version: string): void {
  const found = model.versions.find((candidate) => candidate.version === version);
  if (!found) {
    const message = `version must be one of ${model.versions.map((candidate) => candidate.version).join(', ')}, or null`;
    throw new InvalidInputError([{ location: ['body', 'version'], type: 'choice', message }]);
  }
  if (found.state !== 'ready') throw new VersionNotReadyError(model.name, version, found.state);
}
