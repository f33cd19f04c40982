import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { PredictDto } from './predict.dto.js';
import { PredictService } from './predict.service.js';

@Controller('predict')
export class PredictController {
  constructor(private readonly service: PredictService) {}

  @Post()
  @HttpCode(200)
  async predict(@Body() row: PredictDto): Promise<{ result: number[] }> {
    return { result: await this.service.predict(row) };
  }
}
