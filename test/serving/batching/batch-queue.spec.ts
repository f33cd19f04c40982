import { RunFailedError, RuntimeDiedError, OutputTooLargeError } from '../../../src/serving/runtime/runtime-process.js';
import { feeds, ManualRuntime, createQueue, type TestQueue } from '../../support/manual-runtime.js';

describe('BatchQueue', () => {
  let runtime: ManualRuntime;

  beforeEach(() => {
    runtime = new ManualRuntime();
  });

  const queue = (options: Parameters<typeof createQueue>[1] = {}): TestQueue => createQueue(runtime, options);

  it('runs one submission at a time, in order of arrival', async () => {
    const runs = queue();
    const first = runs.send(feeds(1));
    const second = runs.send(feeds(2));
    expect(runtime.started).toHaveLength(1);
    runtime.started[0]!.resolve(feeds(10));
    expect(await first).toEqual(feeds(10));
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1), feeds(2)]);
    runtime.started[1]!.resolve(feeds(20));
    expect(await second).toEqual(feeds(20));
  });

  it('refuses a run when the queue is full', async () => {
    const runs = queue({ capacity: 2 });
    const accepted = [runs.send(feeds(1)), runs.send(feeds(2)), runs.send(feeds(3))];
    await expect(runs.send(feeds(4))).rejects.toMatchObject({ code: 'model.queue-full', retryAfterSeconds: 1 });
    for (const [index] of accepted.entries()) {
      runtime.started[index]!.resolve(feeds(index));
      await accepted[index];
    }
  });

  it('never starts a run whose caller has disconnected', async () => {
    const runs = queue();
    const first = runs.send(feeds(1));
    const caller = new AbortController();
    const abandoned = runs.send(feeds(2), { signal: caller.signal });
    const third = runs.send(feeds(3));
    caller.abort();
    await expect(abandoned).rejects.toThrow();
    runtime.started[0]!.resolve(feeds(1));
    await first;
    expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1), feeds(3)]);
    runtime.started[1]!.resolve(feeds(3));
    await third;
  });

  it('hides the message of a failed run from the caller, and keeps it as the cause for the log', async () => {
    const run = queue().send(feeds(1));
    runtime.started[0]!.reject(new RunFailedError('secret words'));
    await expect(run).rejects.toMatchObject({
      code: 'model.run-failed',
      message: expect.not.stringContaining('secret'),
      cause: { message: 'secret words' },
    });
  });

  it('rejects the current run when the runtime dies, and starts the waiting ones after the restart', async () => {
    const runs = queue();
    const first = runs.send(feeds(1));
    const second = runs.send(feeds(2));
    runtime.started[0]!.reject(new RuntimeDiedError('gone'));
    await expect(first).rejects.toMatchObject({ code: 'model.runtime-died' });
    expect(runtime.started).toHaveLength(1);
    runs.resume();
    runtime.started[1]!.resolve(feeds(2));
    expect(await second).toEqual(feeds(2));
  });

  it('refuses a run whose caller has disconnected already', async () => {
    const caller = new AbortController();
    caller.abort();
    await expect(queue().send(feeds(1), { signal: caller.signal })).rejects.toMatchObject({
      code: 'request.abandoned',
    });
    expect(runtime.started).toHaveLength(0);
  });

  it('reports outputs that are too large', async () => {
    const run = queue().send(feeds(1));
    runtime.started[0]!.reject(new OutputTooLargeError('9 values'));
    await expect(run).rejects.toMatchObject({ code: 'predict.answer-too-large', kind: 'too-large' });
  });

  describe('with deadlines', () => {
    beforeEach(() => {
      jest.useFakeTimers({ now: 0 });
    });

    afterEach(() => {
      jest.useRealTimers();
    });

    const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
    const ending = (run: Promise<unknown>): Promise<unknown> => run.catch((error: unknown) => error);

    it('rejects a run that waits past its deadline, and kills a runtime whose run exceeds it', async () => {
      const runs = queue({ deadlineMs: 1_000 });
      const ends = [ending(runs.send(feeds(1))), ending(runs.send(feeds(2)))];
      await pass(900);
      expect(runtime.kills).toBe(0);
      await pass(101);
      expect(runtime.kills).toBe(1);
      for (const end of ends) expect(await end).toMatchObject({ code: 'model.deadline' });
      expect(runtime.started).toHaveLength(1);
    });

    it('does not kill the runtime for a run that waited long and has just started', async () => {
      const runs = queue({ deadlineMs: 600 });
      for (let run = 0; run < 20; run += 1) {
        const quick = runs.send(feeds(run));
        runtime.respond();
        await quick;
      }
      const first = runs.send(feeds(1));
      const late = ending(runs.send(feeds(2), { deadline: runs.deadline }));
      await pass(250);
      runtime.respond();
      await first;
      await pass(351);
      expect(await late).toMatchObject({ code: 'model.deadline' });
      expect(runtime.kills).toBe(0);
      runtime.respond();
    });

    it('answers with Retry-After when a run waits until its deadline while other runs are served', async () => {
      const runs = queue({ deadlineMs: 50 });
      const longDeadline = { deadline: performance.now() + 60_000 };
      const first = runs.send(feeds(1), longDeadline);
      const second = runs.send(feeds(2), longDeadline);
      const third = ending(runs.send(feeds(3)));
      await pass(10);
      runtime.respond();
      await first;
      await pass(41);
      expect(await third).toMatchObject({ code: 'model.overloaded', kind: 'unavailable', retryAfterSeconds: 1 });
      runtime.respond();
      await second;
    });

    /** Lets this many runs take this long each, one after another. */
    const observe = async (runs: TestQueue, count: number, ms: number): Promise<void> => {
      for (let run = 0; run < count; run += 1) {
        const observed = runs.send(feeds(run));
        await pass(ms);
        runtime.respond();
        await observed;
      }
    };

    it('answers with Retry-After when a run ends too late because it waited for half of its time', async () => {
      const runs = queue({ deadlineMs: 600 });
      const first = runs.send(feeds(1));
      const late = ending(runs.send(feeds(2)));
      await pass(300);
      runtime.respond();
      await first;
      expect(runtime.started).toHaveLength(2);
      await pass(301);
      expect(await late).toMatchObject({ code: 'model.overloaded', retryAfterSeconds: 1 });
      expect(runtime.kills).toBe(0);
      runtime.respond();
    });

    it('does not start a run that has waited and would end after its deadline', async () => {
      const runs = queue({ deadlineMs: 600 });
      await observe(runs, 8, 400);
      const before = runtime.started.length;
      const first = runs.send(feeds(1));
      const late = ending(runs.send(feeds(2)));
      await pass(400);
      runtime.respond();
      await first;
      expect(await late).toMatchObject({ code: 'model.overloaded' });
      expect(runtime.started).toHaveLength(before + 1);
    });

    it('starts a run that has waited where too few runs have been observed to say that it would end too late', async () => {
      const runs = queue({ deadlineMs: 600 });
      await observe(runs, 6, 400);
      const [first, late] = [runs.send(feeds(1)), runs.send(feeds(2))];
      await pass(400);
      runtime.respond();
      await first;
      runtime.respond();
      expect(await late).toEqual(feeds(20));
    });

    it('reports interactive demand for 250 ms after an interactive request, and none for background runs', async () => {
      const runs = queue();
      const background = runs.send(feeds(1), { priority: 'background' });
      expect(runs.hasInteractiveDemand).toBe(false);
      const interactive = runs.send(feeds(2));
      expect(runs.hasInteractiveDemand).toBe(true);
      for (const run of [background, interactive]) {
        runtime.respond();
        await run;
      }
      await pass(249);
      expect(runs.hasInteractiveDemand).toBe(true);
      await pass(2);
      expect(runs.hasInteractiveDemand).toBe(false);
    });

    it('refuses a run that is expected to miss its deadline once the queue has been slow, with the estimates', async () => {
      const runs = queue({ deadlineMs: 1_000 });
      await observe(runs, 8, 600);
      const patient = { deadline: performance.now() + 10_000 };
      const [running, ...waiting] = [2, 3, 4].map((value) => runs.send(feeds(value), patient));
      await pass(500);
      await expect(runs.send(feeds(5))).rejects.toMatchObject({
        code: 'model.overloaded',
        retryAfterSeconds: 2,
        message: '2 predictions wait before this one: about 1900 ms, and it has 1000 ms. Try later.',
      });
      for (const run of [running, ...waiting]) {
        runtime.respond();
        await run;
      }
    });

    it('refuses nobody before a run has waited for half of the time that the new one has', async () => {
      const runs = queue({ deadlineMs: 1_000 });
      await observe(runs, 24, 62);
      const callers = Array.from({ length: 10 }, (_, value) =>
        ending(runs.send(feeds(value), { deadline: performance.now() + 300 })),
      );
      callers.push(ending(runs.send(feeds(10), { deadline: performance.now() + 300 })));
      for (const [index, caller] of callers.entries()) {
        runtime.respond();
        expect(await caller).toEqual(feeds(index * 10));
      }
    });

    it('forgets that the queue has been slow when no run has started for as long as a new one has', async () => {
      const runs = queue({ deadlineMs: 1_000 });
      await observe(runs, 8, 600);
      const patient = { deadline: performance.now() + 10_000 };
      const [first, second] = [runs.send(feeds(1)), runs.send(feeds(2), patient)];
      await pass(600);
      runtime.respond();
      await first;
      await pass(600);
      runtime.respond();
      await second;
      await pass(401);
      const callers = [3, 4, 5].map((value) => runs.send(feeds(value)));
      for (const caller of callers) {
        runtime.respond();
        await caller;
      }
      expect(await Promise.all(callers)).toEqual([feeds(30), feeds(40), feeds(50)]);
    });

    it.each([10, 100])('refuses none of %i callers of a fast model whose first runs were slow', async (count) => {
      const runs = queue({ deadlineMs: 1_000, capacity: 1_000 });
      const [busy, ...callers] = Array.from({ length: count + 1 }, (_, value) => ending(runs.send(feeds(value))));
      await pass(600);
      runtime.respond();
      await busy;
      for (let run = 0; run < 8; run += 1) {
        runtime.respond();
        await callers[run];
      }
      const late = Array.from({ length: count }, (_, value) => ending(runs.send(feeds(value))));
      for (const caller of [...callers.slice(8), ...late]) {
        runtime.respond();
        expect(await caller).toEqual([expect.objectContaining({ name: 'x' })]);
      }
    });
  });
});
