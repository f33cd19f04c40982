import { RunFailedError } from '../../../src/serving/runtime/runtime-process.js';
import { feeds, ManualRuntime, createQueue, type TestQueue } from '../../support/manual-runtime.js';
import { until } from '../../support/until.js';

describe('BatchQueue with batching', () => {
  let runtime: ManualRuntime;

  beforeEach(() => {
    runtime = new ManualRuntime();
  });

  const queue = (options: Parameters<typeof createQueue>[1] = {}): TestQueue => createQueue(runtime, options);
  const batching = { maxBatchSize: 4, maxWaitMs: 0 };

  it('grows the next batch while the runtime is busy, and gives each caller its own rows', async () => {
    const runs = queue({ batching });
    const callers = [runs.send(feeds(1)), runs.send(feeds(2, 3)), runs.send(feeds(4)), runs.send(feeds(5, 6))];
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1)]);
    runtime.respond();
    await callers[0];
    expect(runtime.started.at(-1)!.feeds).toEqual(feeds(2, 3, 4));
    runtime.respond();
    expect(await Promise.all(callers.slice(0, 3))).toEqual([feeds(10), feeds(20, 30), feeds(40)]);
    runtime.respond();
    expect(await callers[3]).toEqual(feeds(50, 60));
  });

  it('does not mix groups in a batch', async () => {
    const runs = queue({ batching });
    const callers = [runs.send(feeds(1)), runs.send(feeds(2), {}, 'a'), runs.send(feeds(3), {}, 'b')];
    callers.push(runs.send(feeds(4), {}, 'a'));
    for (let run = 0; run < 3; run += 1) {
      runtime.respond();
      await new Promise(setImmediate);
    }
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1), feeds(2, 4), feeds(3)]);
    expect(await Promise.all(callers)).toEqual([feeds(10), feeds(20), feeds(30), feeds(40)]);
  });

  it('serves interactive runs before background runs, and fills the rest of a batch with the latter', async () => {
    const runs = queue({ batching });
    const first = runs.send(feeds(1));
    const later = [8, 9].map((value) => runs.send(feeds(value), { priority: 'background' }));
    const interactive = [2, 3, 4].map((value) => runs.send(feeds(value)));
    runtime.respond();
    await first;
    expect(runtime.started.at(-1)!.feeds).toEqual(feeds(2, 3, 4, 8));
    runtime.respond();
    await Promise.all(interactive);
    runtime.respond();
    expect(await Promise.all(later)).toEqual([feeds(80), feeds(90)]);
  });

  it('waits up to maxWaitMs for further rows, and no longer once the batch is full', async () => {
    const runs = queue({ batching: { maxBatchSize: 2, maxWaitMs: 60_000 } });
    const first = runs.send(feeds(1));
    expect(runtime.started).toHaveLength(0);
    const second = runs.send(feeds(2));
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1, 2)]);
    runtime.respond();
    await Promise.all([first, second]);
    const short = queue({ batching: { maxBatchSize: 2, maxWaitMs: 5 } });
    const alone = short.send(feeds(3));
    await until('maxWaitMs has passed', () => runtime.started.length === 2);
    runtime.respond();
    expect(await alone).toEqual(feeds(30));
  });

  it.each([0, 1, 2, 3])('rejects only the bad row %i of a failed batch', async (bad) => {
    const runs = queue({ batching });
    const first = runs.send(feeds(100));
    const callers = [0, 1, 2, 3].map((value) => runs.send(feeds(value)).catch((error: unknown) => error));
    runtime.respond();
    await first;
    let seen = 1;
    const isOver = Promise.all(callers).then(() => true);
    while (!(await Promise.race([isOver, new Promise<boolean>((resolve) => setImmediate(resolve, false))]))) {
      if (runtime.started.length === seen) continue;
      seen = runtime.started.length;
      const { feeds: given, reject } = runtime.started.at(-1)!;
      if ((given[0]!.data as Float32Array).includes(bad)) reject(new RunFailedError('bad row'));
      else runtime.respond();
    }
    const results = await Promise.all(callers);
    expect(results.filter((_, index) => index !== bad)).toEqual(
      [0, 1, 2, 3].filter((value) => value !== bad).map((value) => feeds(value * 10)),
    );
    expect(results[bad]).toMatchObject({ code: 'model.run-failed' });
  });

  it('runs rows one by one if the outputs have another number of rows than the batch', async () => {
    const runs = queue({ batching });
    const first = runs.send(feeds(1));
    const callers = [runs.send(feeds(2)), runs.send(feeds(3))];
    runtime.respond();
    await first;
    runtime.started.at(-1)!.resolve(feeds(7));
    await until('the first row runs alone', () => runtime.started.length === 3);
    runtime.respond();
    await until('the second row runs alone', () => runtime.started.length === 4);
    runtime.respond();
    expect(await Promise.all(callers)).toEqual([feeds(20), feeds(30)]);
  });

  it('batches the requests that arrive in the same turn of the event loop', async () => {
    const runs = queue({ batching, defer: undefined });
    const callers = [runs.send(feeds(1)), runs.send(feeds(2)), runs.send(feeds(3))];
    expect(runtime.started).toHaveLength(0);
    await new Promise(setImmediate);
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1, 2, 3)]);
    runtime.respond();
    expect(await Promise.all(callers)).toEqual([feeds(10), feeds(20), feeds(30)]);
  });

  it('keeps a batch far from the time limit of a run where rows are slow', async () => {
    jest.useFakeTimers({ now: 0 });
    const runs = queue({ batching: { maxBatchSize: 256, maxWaitMs: 0 }, deadlineMs: 1_000, capacity: 100 });
    const first = runs.send(feeds(0));
    await jest.advanceTimersByTimeAsync(50);
    runtime.respond();
    await first;
    const running = runs.send(feeds(1));
    const callers = Array.from({ length: 20 }, (_, value) => runs.send(feeds(value)));
    await jest.advanceTimersByTimeAsync(50);
    runtime.respond();
    await running;
    expect(runtime.started.at(-1)!.feeds[0]!.shape).toEqual([5]);
    for (let batch = 0; batch < 4; batch += 1) {
      await jest.advanceTimersByTimeAsync(50);
      runtime.respond();
    }
    expect(await Promise.all(callers)).toHaveLength(20);
    jest.useRealTimers();
  });
});
