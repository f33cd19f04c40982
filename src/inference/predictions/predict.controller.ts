import { Body, Controller, HttpCode, Post, Put, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AcceptsBody } from '../../http/index.js';
import type { Prediction } from '../pipeline/respond.js';
import { ModelStore } from '../store/model-store.js';
import { PredictResultDto } from './dto/predict-result.dto.js';
import { ApiPredictionProblems } from './prediction-problems.js';
import { ModelAccessGuard } from './model-access.guard.js';
import { rowsOfPredict } from './prediction-input.js';
import { ClientGone, IsForm } from './request.decorators.js';

/** The short way to the default model: a row in, a class index or a value out. */
@ApiTags('predictions')
@Controller('predict')
@UseGuards(ModelAccessGuard)
export class PredictController {
  constructor(private readonly store: ModelStore) {}

  @Post()
  @HttpCode(200)
  @AcceptsBody({ kinds: ['json', 'form'], purpose: 'predictions' })
  @ApiOperation({ summary: 'Predict with the default model: one row, or an array of rows' })
  @ApiOkResponse({ type: PredictResultDto })
  @ApiPredictionProblems()
  async predict(
    @Body() value: unknown,
    @IsForm() isForm: boolean,
    @ClientGone() gone: AbortSignal,
  ): Promise<PredictResultDto> {
    const predictions = await this.store.use(this.store.default.name, undefined, (version) => {
      return version.predict(rowsOfPredict({ value, isForm }, version), { signal: gone });
    });
    return { result: predictions.map(shortAnswer) };
  }

  @Put()
  @AcceptsBody({ kinds: ['json', 'form'], purpose: 'predictions' })
  @ApiOperation({ summary: 'The same as POST, for clients that put' })
  @ApiOkResponse({ type: PredictResultDto })
  @ApiPredictionProblems()
  replace(
    @Body() value: unknown,
    @IsForm() isForm: boolean,
    @ClientGone() gone: AbortSignal,
  ): Promise<PredictResultDto> {
    return this.predict(value, isForm, gone);
  }
}

/** The class index, or the value of a regression; else everything the model says. */
function shortAnswer(prediction: Prediction): unknown {
  return prediction.index ?? prediction.value ?? prediction;
}
