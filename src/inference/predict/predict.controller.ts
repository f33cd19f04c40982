import { Body, Controller, HttpCode, Post, Put, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AcceptsBody } from '../../platform/http/index.js';
import type { Prediction } from '../../serving/index.js';
import { PredictResultDto } from './dto/predict-result.dto.js';
import { ApiPredictionProblems } from './prediction-problems.js';
import { ModelAccessGuard } from '../access/model-access.guard.js';
import { PredictionsService } from './predictions.service.js';
import { itemsOfPredict } from '../inputs/prediction-input.js';
import { CurrentCall, type PredictionCall } from './request.decorators.js';

/** The short way to the default model: a row in, a class index or a value out. */
@ApiTags('predictions')
@Controller('predict')
@UseGuards(ModelAccessGuard)
export class PredictController {
  constructor(private readonly service: PredictionsService) {}

  @Post()
  @HttpCode(200)
  @AcceptsBody({ kinds: ['json', 'form', 'files'], purpose: 'predictions' })
  @ApiOperation({ summary: 'Predict with the default model: one row, an array of rows, or files' })
  @ApiOkResponse({ type: PredictResultDto })
  @ApiPredictionProblems()
  async predict(@Body() value: unknown, @CurrentCall() call: PredictionCall): Promise<PredictResultDto> {
    const { predictions } = await this.service.predict({ value, itemsOf: itemsOfPredict, call });
    return { result: predictions.map(shortResult) };
  }

  @Put()
  @AcceptsBody({ kinds: ['json', 'form', 'files'], purpose: 'predictions' })
  @ApiOperation({ summary: 'The same as POST, for clients that put' })
  @ApiOkResponse({ type: PredictResultDto })
  @ApiPredictionProblems()
  replace(@Body() value: unknown, @CurrentCall() call: PredictionCall): Promise<PredictResultDto> {
    return this.predict(value, call);
  }
}

/** The class index, or the value of a regression; else everything the model says. */
function shortResult(prediction: unknown): unknown {
  const { index, value } = prediction as Prediction;
  return index ?? value ?? prediction;
}
