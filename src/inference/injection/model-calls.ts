import { Injectable } from '@nestjs/common';
import { InvalidInputError } from '../../platform/http/index.js';
import { ModelStore, type Prediction, RowCheck } from '../../serving/index.js';
import type { PredictOptions } from './model-client.js';

/** Predictions that product code asks for. */
@Injectable()
export class ModelCalls {
  constructor(private readonly store: ModelStore) {}

  /** One prediction for each row, in their order. Throws `InvalidInputError` at `["features", <row>, <name>]`. */
  async predict(name: string, rows: readonly object[], options: PredictOptions = {}): Promise<Prediction[]> {
    const { version: wanted, signal, priority, timeoutMs } = options;
    if (rows.length === 0) return [];
    return this.store.get(name).use(wanted, (version) => {
      const check = new RowCheck(version.limits);
      const checked = rows.map((row, index) => version.check(row, ['features', index], check));
      if (check.errors.length > 0) throw new InvalidInputError(check.errors);
      return version.predict(checked, { signal, priority, deadline: version.deadlineIn(timeoutMs) });
    });
  }
}
