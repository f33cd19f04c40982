import { RuntimeDiedError } from '../../src/serving/runtime/runtime-process.js';
import type { Tensor } from '../../src/serving/signature/tensor.js';
import { type BatchPolicy, concatenate } from '../../src/serving/batching/batch.js';
import { BatchQueue } from '../../src/serving/batching/batch-queue.js';
import type { Caller } from '../../src/serving/caller.js';

/** A runtime whose runs the test resolves and rejects. */
export class ManualRuntime {
  readonly started: {
    feeds: readonly Tensor[];
    resolve: (outputs: Tensor[]) => void;
    reject: (error: Error) => void;
  }[] = [];
  kills = 0;

  run(parts: readonly (readonly Tensor[])[]): Promise<Tensor[]> {
    const feeds = concatenate(parts);
    return new Promise((resolve, reject) => this.started.push({ feeds, resolve, reject }));
  }

  /** Resolves the newest run with ten times its input. */
  respond(): void {
    const { feeds: given, resolve } = this.started.at(-1)!;
    resolve(feeds(...Array.from(given[0]!.data as Float32Array, (value) => value * 10)));
  }

  kill(): void {
    this.kills += 1;
    this.started.at(-1)?.reject(new RuntimeDiedError('killed'));
  }
}

/** One tensor in which each value is a row. */
export const feeds = (...values: number[]): Tensor[] => [
  { name: 'x', type: 'float32', shape: [values.length], data: new Float32Array(values) },
];

/** A queue for tensors as made by `feeds`. */
export class TestQueue extends BatchQueue {
  send(tensors: readonly Tensor[], caller: Caller = {}, group = ''): Promise<Tensor[]> {
    return this.submit(
      { feeds: tensors, rows: tensors[0]?.shape[0] ?? 1, group },
      { deadline: this.deadline, ...caller },
    );
  }
}

/** A queue that dispatches without waiting for the next turn of the event loop. */
export function createQueue(
  runtime: ManualRuntime,
  options: { deadlineMs?: number; capacity?: number; batching?: BatchPolicy; defer?: undefined } = {},
): TestQueue {
  const { batching, ...rest } = options;
  const queue = new TestQueue(runtime, { deadlineMs: 60_000, capacity: 10, defer: (work) => work(), ...rest });
  if (batching) queue.enableBatching(batching);
  return queue;
}
