import { RunFailedError, RuntimeDiedError } from '../../src/inference/runtime/runtime-process.js';
import type { Tensor } from '../../src/inference/runtime/tensor.js';
import { RunQueue } from '../../src/inference/scheduler/run-queue.js';
import { until } from '../support/until.js';

/** A runtime that answers when it is told to. */
class HandRuntime {
  readonly started: {
    feeds: readonly Tensor[];
    resolve: (outputs: Tensor[]) => void;
    reject: (error: Error) => void;
  }[] = [];
  readonly startedAt: number[] = [];
  kills = 0;

  run(feeds: readonly Tensor[]): Promise<Tensor[]> {
    this.startedAt.push(performance.now());
    return new Promise((resolve, reject) => this.started.push({ feeds, resolve, reject }));
  }

  kill(): void {
    this.kills += 1;
    this.started.at(-1)?.reject(new RuntimeDiedError('killed'));
  }
}

const feeds = (value: number): Tensor[] => [
  { name: 'x', type: 'float32', shape: [1], data: new Float32Array([value]) },
];

describe('the run queue', () => {
  let runtime: HandRuntime;

  beforeEach(() => {
    runtime = new HandRuntime();
  });

  function queue(options: { deadlineMs?: number; capacity?: number } = {}): RunQueue {
    return new RunQueue(runtime, { deadlineMs: 60_000, capacity: 10, ...options });
  }

  it('sends one run at a time, in order', async () => {
    const runs = queue();
    const first = runs.submit(feeds(1));
    const second = runs.submit(feeds(2));
    expect(runtime.started).toHaveLength(1);
    runtime.started[0]!.resolve(feeds(10));
    expect(await first).toEqual(feeds(10));
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1), feeds(2)]);
    runtime.started[1]!.resolve(feeds(20));
    expect(await second).toEqual(feeds(20));
  });

  it('refuses what would be too many to wait', async () => {
    const runs = queue({ capacity: 2 });
    const accepted = [runs.submit(feeds(1)), runs.submit(feeds(2)), runs.submit(feeds(3))];
    await expect(runs.submit(feeds(4))).rejects.toMatchObject({ code: 'model.queue-full', retryAfterSeconds: 1 });
    for (const [index] of accepted.entries()) {
      runtime.started[index]!.resolve(feeds(index));
      await accepted[index];
    }
  });

  it('lets a run that waits past its deadline go, and kills a runtime that is past it', async () => {
    const runs = queue({ deadlineMs: 20 });
    const running = runs.submit(feeds(1));
    const waiting = runs.submit(feeds(2));
    await expect(running).rejects.toMatchObject({ code: 'model.deadline' });
    await expect(waiting).rejects.toMatchObject({ code: 'model.deadline' });
    await until('the runtime is killed', () => runtime.kills === 1);
    expect(runtime.started).toHaveLength(1);
  });

  it('does not kill a runtime for a run that waited long and has just begun', async () => {
    const runs = queue({ deadlineMs: 60 });
    const first = runs.submit(feeds(1));
    const late = runs.submit(feeds(2), { deadline: runs.deadlineFromNow() });
    const answer = late.catch((error: unknown) => error);
    await until('it is nearly time', () => performance.now() > (runtime.startedAt[0] ?? Infinity) + 40);
    runtime.started[0]!.resolve(feeds(1));
    await first;
    expect(await answer).toMatchObject({ code: 'model.deadline' });
    expect(runtime.kills).toBe(0);
    runtime.started[1]?.resolve(feeds(2));
  });

  it('never starts a run whose caller has gone', async () => {
    const runs = queue();
    const first = runs.submit(feeds(1));
    const caller = new AbortController();
    const abandoned = runs.submit(feeds(2), { signal: caller.signal });
    const third = runs.submit(feeds(3));
    caller.abort();
    await expect(abandoned).rejects.toThrow();
    runtime.started[0]!.resolve(feeds(1));
    await first;
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1), feeds(3)]);
    runtime.started[1]!.resolve(feeds(3));
    await third;
  });

  it('keeps what the runtime says of a failed run to itself and the log', async () => {
    const run = queue().submit(feeds(1));
    runtime.started[0]!.reject(new RunFailedError('secret words'));
    await expect(run).rejects.toMatchObject({
      code: 'model.run-failed',
      message: expect.not.stringContaining('secret'),
      cause: { message: 'secret words' },
    });
  });

  it('says that the runtime died, and keeps the others until it is back', async () => {
    const runs = queue();
    const first = runs.submit(feeds(1));
    const second = runs.submit(feeds(2));
    runtime.started[0]!.reject(new RuntimeDiedError('gone'));
    await expect(first).rejects.toMatchObject({ code: 'model.runtime-died' });
    expect(runtime.started).toHaveLength(1);
    runs.resume();
    runtime.started[1]!.resolve(feeds(2));
    expect(await second).toEqual(feeds(2));
  });

  it('takes nothing from a caller who has gone already', async () => {
    const caller = new AbortController();
    caller.abort();
    await expect(queue().submit(feeds(1), { signal: caller.signal })).rejects.toMatchObject({
      code: 'request.abandoned',
    });
    expect(runtime.started).toHaveLength(0);
  });
});
