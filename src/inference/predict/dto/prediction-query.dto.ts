import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { AnyQuery } from '../../../platform/http/index.js';
import { type Delimiter, DelimiterParameter } from '../../../platform/records/index.js';

/** The query parameters of a prediction. */
export class PredictionQueryDto {
  @DelimiterParameter()
  delimiter?: Delimiter;
}

/** Lets a handler take the parameters of `PredictionQueryDto`, which it reads only where the URL has any. */
export const AcceptsPredictionQuery = (): MethodDecorator =>
  applyDecorators(AnyQuery(), ApiQuery({ type: PredictionQueryDto }));
