import {
  applyDecorators,
  Body,
  Controller,
  Get,
  HttpCode,
  Param,
  Post,
  Req,
  Res,
  type Type,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiParam, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { IdentityService } from '../../auth/index.js';
import { AcceptsBody, AnyQuery, ApiProblems, OptionalQuery, UploadedFiles } from '../../platform/http/index.js';
import { type Model, ModelStore } from '../../serving/index.js';
import { ModelAccessGuard } from '../access/model-access.guard.js';
import { parseRowOrInstances } from '../inputs/prediction-input.js';
import { PredictionQueryDto } from '../predict/dto/prediction-query.dto.js';
import { PredictionsDto } from '../predict/dto/predictions.dto.js';
import { ApiPredictionProblems } from '../predict/prediction-problems.js';
import { CurrentPrediction, type PredictionContext, PredictionsService } from '../predict/predictions.service.js';
import { describeModel, failuresOf, summarizeModel } from './describe-model.js';
import { ApiModelName, ModelDto, ModelListDto, type RunFailureDto } from './dto/model.dto.js';
import { ModelViewsFilter, ModelViewsRegistry } from './model-views.js';

/** Documents a response that is JSON for programs and a page for browsers. */
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

/** Models and their predictions. Browsers get pages where a module has registered `ModelViews`. */
@ApiTags('predictions')
@Controller('models')
export class ModelsController {
  constructor(
    private readonly store: ModelStore,
    private readonly service: PredictionsService,
    private readonly registry: ModelViewsRegistry,
    private readonly identity: IdentityService,
  ) {}

  @Get()
  @AnyQuery('pages')
  @UseFilters(ModelViewsFilter)
  @ApiOperation({ summary: 'All models and their states; a page for browsers' })
  @ApiJsonOrPage(ModelListDto)
  list(@Req() request: Request, @Res({ passthrough: true }) response: Response): ModelListDto | Promise<string> {
    const page = this.registry.views?.list(request, response);
    if (page) return page;
    response.vary('Accept');
    return { items: this.store.all().map(summarizeModel) };
  }

  @Get(':name')
  @AnyQuery('pages')
  @UseFilters(ModelViewsFilter)
  @ApiModelName()
  @ApiOperation({ summary: 'A model: its versions and the schemas of its rows and predictions; a page for browsers' })
  @ApiJsonOrPage(ModelDto)
  @ApiProblems({ 404: 'No such model' })
  show(
    @Param('name') name: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): ModelDto | Promise<ModelDto | string> {
    const model = this.store.get(name);
    const page = this.registry.views?.show(model, request, response);
    if (page) return page;
    response.vary('Accept');
    const failures = failuresOf(model);
    return failures.length === 0 ? describeModel(model) : this.showFailures(model, failures, request, response);
  }

  /** Describes a model, with its failures for an administrator; to anybody else while the database is away. */
  private async showFailures(
    model: Model,
    failures: RunFailureDto[],
    request: Request,
    response: Response,
  ): Promise<ModelDto> {
    response.vary('Cookie').vary('Authorization');
    const member = await this.identity.authenticate(request, response).catch(() => undefined);
    return { ...describeModel(model), ...(member?.role === 'admin' ? { failures } : {}) };
  }

  @Post(':name/predict')
  @HttpCode(200)
  @UseGuards(ModelAccessGuard)
  @UseFilters(ModelViewsFilter)
  @AcceptsBody({ kinds: ['json', 'form', 'files'], purpose: 'predictions' })
  @OptionalQuery(PredictionQueryDto)
  @ApiModelName()
  @ApiOperation({ summary: 'Predict with the default version: one row, {"instances": […]}, or files' })
  @ApiJsonOrPage(PredictionsDto)
  @ApiPredictionProblems()
  predict(@Body() value: unknown, @CurrentPrediction() context: PredictionContext): Promise<PredictionsDto | string> {
    // Pages send nothing but forms: other requests do not depend on the views.
    const mayBeFromPage = context.isForm || value instanceof UploadedFiles;
    const page = mayBeFromPage ? this.registry.views?.predict(context.model, value, context) : undefined;
    return page ?? this.service.predict({ value, parse: parseRowOrInstances, context });
  }

  @Post(':name/versions/:version/predict')
  @HttpCode(200)
  @UseGuards(ModelAccessGuard)
  @AcceptsBody({ kinds: ['json', 'form', 'files'], purpose: 'predictions' })
  @OptionalQuery(PredictionQueryDto)
  @ApiModelName()
  @ApiParam({ name: 'version', description: 'A version number', example: '1' })
  @ApiOperation({ summary: 'Predict with one version: one row, {"instances": […]}, or files' })
  @ApiOkResponse({ type: PredictionsDto })
  @ApiPredictionProblems()
  predictWithVersion(
    @Param('version') version: string,
    @Body() value: unknown,
    @CurrentPrediction() context: PredictionContext,
  ): Promise<PredictionsDto> {
    return this.service.predict({ version, value, parse: parseRowOrInstances, context });
  }
}
