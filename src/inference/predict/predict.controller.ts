import { Body, Controller, HttpCode, Post, Put, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AcceptsBody, OptionalQuery } from '../../platform/http/index.js';
import type { Prediction } from '../../serving/index.js';
import { ModelAccessGuard } from '../access/model-access.guard.js';
import { parseRowOrArray } from '../inputs/prediction-input.js';
import { PredictionQueryDto } from './dto/prediction-query.dto.js';
import { PredictResultDto } from './dto/predictions.dto.js';
import { ApiPredictionProblems } from './prediction-problems.js';
import { CurrentPrediction, type PredictionContext, PredictionsService } from './predictions.service.js';

/** The short form for the default model: takes a row, returns a class index or a value. */
@ApiTags('predictions')
@Controller('predict')
@UseGuards(ModelAccessGuard)
export class PredictController {
  constructor(private readonly service: PredictionsService) {}

  @Post()
  @HttpCode(200)
  @AcceptsBody({ kinds: ['json', 'form', 'files'], purpose: 'predictions' })
  @OptionalQuery(PredictionQueryDto)
  @ApiOperation({ summary: 'Predict with the default model: one row, an array of rows, or files' })
  @ApiOkResponse({ type: PredictResultDto })
  @ApiPredictionProblems()
  async predict(@Body() value: unknown, @CurrentPrediction() context: PredictionContext): Promise<PredictResultDto> {
    const { predictions } = await this.service.predict({ value, parse: parseRowOrArray, context });
    return { result: predictions.map((prediction) => shortResult(prediction as Prediction, context)) };
  }

  @Put()
  @AcceptsBody({ kinds: ['json', 'form', 'files'], purpose: 'predictions' })
  @OptionalQuery(PredictionQueryDto)
  @ApiOperation({ summary: 'The same as POST, for clients that send PUT' })
  @ApiOkResponse({ type: PredictResultDto })
  @ApiPredictionProblems()
  replace(@Body() value: unknown, @CurrentPrediction() context: PredictionContext): Promise<PredictResultDto> {
    return this.predict(value, context);
  }
}

/**
 * The class index, or the value of a regression; a list of values for several targets, and of indices for several labels. The
 * whole prediction where it has none of these.
 */
function shortResult(prediction: Prediction, { model }: PredictionContext): unknown {
  const { index, value, values, labels } = prediction;
  if (index !== undefined || value !== undefined) return index ?? value;
  if (values !== undefined) return Object.values(values);
  const names = model.defaultVersion?.labels;
  return labels ? labels.map((label) => names?.indexOf(label) ?? Number(label)) : prediction;
}
