import { RunFailedError } from '../../../src/serving/runtime/runtime-process.js';
import { feeds, ManualRuntime, queueTo, type TestQueue } from '../../support/manual-runtime.js';
import { until } from '../../support/until.js';

describe('dynamic batching', () => {
  let runtime: ManualRuntime;

  beforeEach(() => {
    runtime = new ManualRuntime();
  });

  const queue = (options: Parameters<typeof queueTo>[1] = {}): TestQueue => queueTo(runtime, options);
  const batching = { maxBatchSize: 4, maxWaitMs: 0 };

  it('lets what waits grow while the runtime is busy, and gives each caller its own rows', async () => {
    const runs = queue({ batching });
    const callers = [runs.send(feeds(1)), runs.send(feeds(2, 3)), runs.send(feeds(4)), runs.send(feeds(5, 6))];
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1)]);
    runtime.answer();
    await callers[0];
    expect(runtime.started.at(-1)!.feeds).toEqual(feeds(2, 3, 4));
    runtime.answer();
    expect(await Promise.all(callers.slice(0, 3))).toEqual([feeds(10), feeds(20, 30), feeds(40)]);
    runtime.answer();
    expect(await callers[3]).toEqual(feeds(50, 60));
  });

  it('mixes no groups', async () => {
    const runs = queue({ batching });
    const callers = [runs.send(feeds(1)), runs.send(feeds(2), {}, 'a'), runs.send(feeds(3), {}, 'b')];
    callers.push(runs.send(feeds(4), {}, 'a'));
    for (let run = 0; run < 3; run += 1) {
      runtime.answer();
      await new Promise(setImmediate);
    }
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1), feeds(2, 4), feeds(3)]);
    expect(await Promise.all(callers)).toEqual([feeds(10), feeds(20), feeds(30), feeds(40)]);
  });

  it('puts those who are watched before background work, and fills the rest of a batch with it', async () => {
    const runs = queue({ batching });
    const first = runs.send(feeds(1));
    const later = [8, 9].map((value) => runs.send(feeds(value), { priority: 'background' }));
    const watched = [2, 3, 4].map((value) => runs.send(feeds(value)));
    runtime.answer();
    await first;
    expect(runtime.started.at(-1)!.feeds).toEqual(feeds(2, 3, 4, 8));
    runtime.answer();
    await Promise.all(watched);
    runtime.answer();
    expect(await Promise.all(later)).toEqual([feeds(80), feeds(90)]);
  });

  it('waits for others for as long as it was told to, and no longer than until the batch is full', async () => {
    const runs = queue({ batching: { maxBatchSize: 2, maxWaitMs: 60_000 } });
    const first = runs.send(feeds(1));
    expect(runtime.started).toHaveLength(0);
    const second = runs.send(feeds(2));
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1, 2)]);
    runtime.answer();
    await Promise.all([first, second]);
    const short = queue({ batching: { maxBatchSize: 2, maxWaitMs: 5 } });
    const alone = short.send(feeds(3));
    await until('its wait is over', () => runtime.started.length === 2);
    runtime.answer();
    expect(await alone).toEqual(feeds(30));
  });

  it.each([0, 1, 2, 3])('lets row %i of a batch that fails fail alone', async (bad) => {
    const runs = queue({ batching });
    const first = runs.send(feeds(100));
    const callers = [0, 1, 2, 3].map((value) => runs.send(feeds(value)).catch((error: unknown) => error));
    runtime.answer();
    await first;
    let seen = 1;
    const isOver = Promise.all(callers).then(() => true);
    while (!(await Promise.race([isOver, new Promise<boolean>((resolve) => setImmediate(resolve, false))]))) {
      if (runtime.started.length === seen) continue;
      seen = runtime.started.length;
      const { feeds: given, reject } = runtime.started.at(-1)!;
      if ((given[0]!.data as Float32Array).includes(bad)) reject(new RunFailedError('bad row'));
      else runtime.answer();
    }
    const answers = await Promise.all(callers);
    expect(answers.filter((_, index) => index !== bad)).toEqual(
      [0, 1, 2, 3].filter((value) => value !== bad).map((value) => feeds(value * 10)),
    );
    expect(answers[bad]).toMatchObject({ code: 'model.run-failed' });
  });

  it('splits no answer that has another number of rows than went in', async () => {
    const runs = queue({ batching });
    const first = runs.send(feeds(1));
    const callers = [runs.send(feeds(2)), runs.send(feeds(3))];
    runtime.answer();
    await first;
    runtime.started.at(-1)!.resolve(feeds(7));
    await until('each runs alone', () => runtime.started.length === 3);
    runtime.answer();
    await until('the other runs', () => runtime.started.length === 4);
    runtime.answer();
    expect(await Promise.all(callers)).toEqual([feeds(20), feeds(30)]);
  });

  it('puts into one run what has arrived by the time the event loop turns', async () => {
    const runs = queue({ batching, soon: undefined });
    const callers = [runs.send(feeds(1)), runs.send(feeds(2)), runs.send(feeds(3))];
    expect(runtime.started).toHaveLength(0);
    await new Promise(setImmediate);
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1, 2, 3)]);
    runtime.answer();
    expect(await Promise.all(callers)).toEqual([feeds(10), feeds(20), feeds(30)]);
  });
});
