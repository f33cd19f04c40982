import { Body, Controller, Get, Headers, HttpCode, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { AcceptsBody, ClientPresence, DisconnectSignal, MalformedRequestError } from '../platform/http/index.js';
import { type Model, ModelNotReadyError, ModelStore, type ModelVersion } from '../serving/index.js';
import { CurrentModel, ModelAccessGuard } from '../inference/index.js';
import { sendInferResponse, sendJson } from './send-response.js';
import { InferRequestDto, InferResponseDto } from './dto/infer.dto.js';
import { ModelMetadataDto, ModelReadyDto } from './dto/metadata.dto.js';
import { StatisticsDto } from './dto/statistics.dto.js';
import { infer } from './infer.js';
import { configOf, metadataOf } from './model-metadata.js';
import { INFER_ERRORS, MODEL_ERRORS, OpenInferenceOperation } from './open-inference.docs.js';
import { statisticsOf } from './statistics.js';

/** One model, by its default version. */
@ApiTags('open-inference')
@ApiParam({ name: 'name', description: "The model's folder in the store", example: 'iris' })
@Controller('v2/models/:name')
export class ModelProtocolController {
  constructor(private readonly store: ModelStore) {}

  @Get()
  @ApiOperation({ summary: "Names, datatypes and shapes of a model's inputs and outputs" })
  @ApiOkResponse({ type: ModelMetadataDto })
  @OpenInferenceOperation({ ...MODEL_ERRORS, 503: 'Not ready' })
  metadata(@Param() params: ModelParams, @Res() response: Response): void {
    sendJson(response, metadataOf(...this.find(params)));
  }

  @Get('config')
  @ApiOperation({ summary: "A model's configuration, in Triton's format" })
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  @OpenInferenceOperation({ ...MODEL_ERRORS, 503: 'Not ready' })
  config(@Param() params: ModelParams, @Res() response: Response): void {
    sendJson(response, configOf(...this.find(params)));
  }

  @Get('ready')
  @ApiOperation({ summary: 'Readiness of a model' })
  @ApiOkResponse({ type: ModelReadyDto })
  @ApiResponse({ status: 503, type: ModelReadyDto, description: 'Not ready' })
  @OpenInferenceOperation(MODEL_ERRORS)
  ready(@Param() { name, version }: ModelParams, @Res() response: Response): void {
    const model = this.store.get(name);
    const { state } = version === undefined ? model : model.version(version);
    const ready = state === 'ready';
    sendJson(response, { name, ready } satisfies ModelReadyDto, ready ? 200 : 503);
  }

  @Get('stats')
  @ApiOperation({ summary: 'Statistics of a model' })
  @ApiOkResponse({ type: StatisticsDto })
  @OpenInferenceOperation(MODEL_ERRORS)
  statistics(@Param() { name, version }: ModelParams, @Res() response: Response): void {
    const model = this.store.get(name);
    const versions = version === undefined ? undefined : [model.version(version)];
    sendJson(response, { model_stats: statisticsOf(model, versions) } satisfies StatisticsDto);
  }

  @Post('infer')
  @HttpCode(200)
  @UseGuards(ModelAccessGuard)
  @AcceptsBody({ kinds: ['json', 'bytes'], purpose: 'predictions' })
  @ApiHeader({
    name: 'Inference-Header-Content-Length',
    description: 'Number of bytes of JSON before binary tensors; 0 for one binary tensor alone',
    required: false,
  })
  @ApiBody({ type: InferRequestDto })
  @ApiOperation({ summary: 'Run a model on tensors: JSON, optionally followed by binary tensors' })
  @ApiOkResponse({ type: InferResponseDto })
  @OpenInferenceOperation(INFER_ERRORS)
  async infer(
    @CurrentModel() model: Model,
    @Param() { version }: ModelParams,
    @Body() body: unknown,
    @Headers('inference-header-content-length') headerLength: string | undefined,
    @DisconnectSignal() signal: ClientPresence,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (!Buffer.isBuffer(body)) throw new MalformedRequestError('The request has no body.');
    const result = await model.use(version, (used) => infer(model.name, used, { body, headerLength, signal }));
    await sendInferResponse(request, response, result);
  }

  private find({ name, version }: ModelParams): [Model, ModelVersion] {
    const model = this.store.get(name);
    const found = version === undefined ? model.defaultVersion : model.version(version);
    if (!found) throw new ModelNotReadyError(name, model.state);
    return [model, found];
  }
}

/** The same for the version in the path. */
@Controller('v2/models/:name/versions/:version')
export class VersionProtocolController extends ModelProtocolController {}

type ModelParams = { readonly name: string; readonly version?: string };
