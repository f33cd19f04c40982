import { Body, Controller, Get, Headers, HttpCode, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { AcceptsBody, MalformedRequestError, ClientPresence } from '../platform/http/index.js';
import { type Model, ModelNotReadyError, ModelStore, type ModelVersion } from '../serving/index.js';
import { CurrentModel, DisconnectSignal, ModelAccessGuard } from '../inference/index.js';
import { sendInferAnswer, sendJson } from './answer.js';
import { InferRequestDto, InferResponseDto } from './dto/infer.dto.js';
import { ModelMetadataDto, ModelReadyDto } from './dto/metadata.dto.js';
import { StatisticsDto } from './dto/statistics.dto.js';
import { infer } from './infer.js';
import { configOf, metadataOf } from './model-metadata.js';
import { INFER_ERRORS, MODEL_ERRORS, OpenInference } from './open-inference.docs.js';
import { statisticsOf } from './statistics.js';

/** One model, by the version that serves. */
@ApiTags('open-inference')
@ApiParam({ name: 'name', description: "The model's folder in the store", example: 'iris' })
@Controller('v2/models/:name')
export class ModelProtocolController {
  constructor(private readonly store: ModelStore) {}

  @Get()
  @ApiOperation({ summary: 'What a model takes and answers' })
  @ApiOkResponse({ type: ModelMetadataDto })
  @OpenInference({ ...MODEL_ERRORS, 503: 'Not ready' })
  metadata(@Param() address: ModelAddress, @Res() response: Response): void {
    sendJson(response, metadataOf(...this.find(address)));
  }

  @Get('config')
  @ApiOperation({ summary: "A model's configuration, as Triton has it" })
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  @OpenInference({ ...MODEL_ERRORS, 503: 'Not ready' })
  config(@Param() address: ModelAddress, @Res() response: Response): void {
    sendJson(response, configOf(...this.find(address)));
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether a model answers' })
  @ApiOkResponse({ type: ModelReadyDto })
  @ApiResponse({ status: 503, type: ModelReadyDto, description: 'Not ready' })
  @OpenInference(MODEL_ERRORS)
  ready(@Param() { name, version }: ModelAddress, @Res() response: Response): void {
    const model = this.store.get(name);
    const { state } = version === undefined ? model : model.version(version);
    const ready = state === 'ready';
    sendJson(response, { name, ready } satisfies ModelReadyDto, ready ? 200 : 503);
  }

  @Get('stats')
  @ApiOperation({ summary: 'What a model has done' })
  @ApiOkResponse({ type: StatisticsDto })
  @OpenInference(MODEL_ERRORS)
  statistics(@Param() { name, version }: ModelAddress, @Res() response: Response): void {
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
    description: 'How many bytes of the body are JSON, where binary tensors follow; 0 for one binary tensor alone',
    required: false,
  })
  @ApiBody({ type: InferRequestDto })
  @ApiOperation({ summary: 'Run a model on tensors: JSON, with binary tensors after it where you like' })
  @ApiOkResponse({ type: InferResponseDto })
  @OpenInference(INFER_ERRORS)
  async infer(
    @CurrentModel() model: Model,
    @Param() { version }: ModelAddress,
    @Body() body: unknown,
    @Headers('inference-header-content-length') jsonLength: string | undefined,
    @DisconnectSignal() signal: ClientPresence,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (!Buffer.isBuffer(body)) throw new MalformedRequestError('The request has no body.');
    const answer = await model.use(version, (used) => infer(model.name, used, { body, jsonLength, signal }));
    await sendInferAnswer(request, response, answer);
  }

  private find({ name, version }: ModelAddress): [Model, ModelVersion] {
    const model = this.store.get(name);
    const found = version === undefined ? model.defaultVersion : model.version(version);
    if (!found) throw new ModelNotReadyError(name, model.state);
    return [model, found];
  }
}

/** The same of a version that is named. */
@Controller('v2/models/:name/versions/:version')
export class VersionProtocolController extends ModelProtocolController {}

type ModelAddress = { readonly name: string; readonly version?: string };
