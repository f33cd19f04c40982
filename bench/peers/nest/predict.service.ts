import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { PredictDto } from './predict.dto.js';

@Injectable()
export class PredictService implements OnModuleInit {
  private session!: InferenceSession;

  async onModuleInit(): Promise<void> {
    const [, , file = ''] = process.argv;
    this.session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  }

  async predict({ sepal_length, sepal_width, petal_length, petal_width }: PredictDto): Promise<number[]> {
    const row = Float32Array.of(sepal_length, sepal_width, petal_length, petal_width);
    const { label } = await this.session.run({ input: new Tensor('float32', row, [1, row.length]) }, ['label']);
    return Array.from(label!.data as BigInt64Array, Number);
  }
}
