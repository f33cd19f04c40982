import { jest } from '@jest/globals';
import { RunFailedError, RuntimeDiedError, TooLargeAnswerError } from '../../src/inference/runtime/runtime-process.js';
import type { Tensor } from '../../src/inference/runtime/tensor.js';
import { BatchQueue, type BatchRule } from '../../src/inference/scheduler/batch-queue.js';
import type { Caller } from '../../src/inference/scheduler/queued-run.js';
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

const feeds = (...values: number[]): Tensor[] => [
  { name: 'x', type: 'float32', shape: [values.length], data: new Float32Array(values) },
];

/** A queue of tensors in which each of `values` is a row. */
class TestQueue extends BatchQueue {
  send(tensors: readonly Tensor[], caller: Caller = {}, group = ''): Promise<Tensor[]> {
    return this.submit({ feeds: tensors, rows: tensors[0]?.shape[0] ?? 1, group }, caller);
  }
}

describe('the batch queue', () => {
  let runtime: HandRuntime;

  beforeEach(() => {
    runtime = new HandRuntime();
  });

  function queue(
    options: { deadlineMs?: number; capacity?: number; batching?: BatchRule; soon?: undefined } = {},
  ): TestQueue {
    const { batching, ...rest } = options;
    const made = new TestQueue(runtime, { deadlineMs: 60_000, capacity: 10, soon: (work) => work(), ...rest });
    made.batching = batching;
    return made;
  }

  it('sends one run at a time, in order', async () => {
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

  it('refuses what would be too many to wait', async () => {
    const runs = queue({ capacity: 2 });
    const accepted = [runs.send(feeds(1)), runs.send(feeds(2)), runs.send(feeds(3))];
    await expect(runs.send(feeds(4))).rejects.toMatchObject({ code: 'model.queue-full', retryAfterSeconds: 1 });
    for (const [index] of accepted.entries()) {
      runtime.started[index]!.resolve(feeds(index));
      await accepted[index];
    }
  });

  it('lets a run that waits past its deadline go, and kills a runtime that is past it', async () => {
    const runs = queue({ deadlineMs: 20 });
    const running = runs.send(feeds(1));
    const waiting = runs.send(feeds(2));
    await expect(running).rejects.toMatchObject({ code: 'model.deadline' });
    await expect(waiting).rejects.toMatchObject({ code: 'model.deadline' });
    await until('the runtime is killed', () => runtime.kills === 1);
    expect(runtime.started).toHaveLength(1);
  });

  it('does not kill a runtime for a run that waited long and has just begun', async () => {
    const runs = queue({ deadlineMs: 600 });
    for (let run = 0; run < 20; run += 1) {
      const quick = runs.send(feeds(run));
      runtime.started.at(-1)!.resolve(feeds(run));
      await quick;
    }
    const first = runs.send(feeds(1));
    const late = runs.send(feeds(2), { deadline: runs.deadlineIn() });
    const answer = late.catch((error: unknown) => error);
    await until('it is nearly time', () => performance.now() > runtime.startedAt.at(-1)! + 400);
    runtime.started.at(-1)!.resolve(feeds(1));
    await first;
    expect(await answer).toMatchObject({ code: 'model.deadline' });
    expect(runtime.kills).toBe(0);
    runtime.started.at(-1)!.resolve(feeds(2));
  });

  it('says when to come again to who has waited until the deadline while others were served', async () => {
    const runs = queue({ deadlineMs: 50 });
    const patient = { deadline: performance.now() + 60_000 };
    const first = runs.send(feeds(1), patient);
    const second = runs.send(feeds(2), patient);
    const third = runs.send(feeds(3)).catch((error: unknown) => error);
    runtime.started[0]!.resolve(feeds(1));
    await first;
    expect(await third).toMatchObject({ code: 'model.overloaded', kind: 'unavailable', retryAfterSeconds: 1 });
    runtime.started[1]!.resolve(feeds(2));
    await second;
  });

  it('does not begin what has waited in line and would not end in time', async () => {
    const runs = queue({ deadlineMs: 600 });
    const first = runs.send(feeds(1));
    const late = runs.send(feeds(2)).catch((error: unknown) => error);
    await until('it is nearly time', () => performance.now() > runtime.startedAt[0]! + 400);
    runtime.started[0]!.resolve(feeds(1));
    await first;
    expect(await late).toMatchObject({ code: 'model.overloaded' });
    expect(runtime.started).toHaveLength(1);
  });

  it('never starts a run whose caller has gone', async () => {
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

  it('keeps what the runtime says of a failed run to itself and the log', async () => {
    const run = queue().send(feeds(1));
    runtime.started[0]!.reject(new RunFailedError('secret words'));
    await expect(run).rejects.toMatchObject({
      code: 'model.run-failed',
      message: expect.not.stringContaining('secret'),
      cause: { message: 'secret words' },
    });
  });

  it('says that the runtime died, and keeps the others until it is back', async () => {
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

  it('takes nothing from a caller who has gone already', async () => {
    const caller = new AbortController();
    caller.abort();
    await expect(queue().send(feeds(1), { signal: caller.signal })).rejects.toMatchObject({
      code: 'request.abandoned',
    });
    expect(runtime.started).toHaveLength(0);
  });

  describe('with batching', () => {
    const batching = { maxBatchSize: 4, maxWaitMs: 0 };

    /** Answers the newest run with ten times its input. */
    function answer(): void {
      const { feeds: given, resolve } = runtime.started.at(-1)!;
      resolve(feeds(...Array.from(given[0]!.data as Float32Array, (value) => value * 10)));
    }

    it('lets what waits grow while the runtime is busy, and gives each caller its own rows', async () => {
      const runs = queue({ batching });
      const callers = [runs.send(feeds(1)), runs.send(feeds(2, 3)), runs.send(feeds(4)), runs.send(feeds(5, 6))];
      expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1)]);
      answer();
      await callers[0];
      expect(runtime.started.at(-1)!.feeds).toEqual(feeds(2, 3, 4));
      answer();
      expect(await Promise.all(callers.slice(0, 3))).toEqual([feeds(10), feeds(20, 30), feeds(40)]);
      answer();
      expect(await callers[3]).toEqual(feeds(50, 60));
    });

    it('mixes no groups', async () => {
      const runs = queue({ batching });
      const callers = [runs.send(feeds(1)), runs.send(feeds(2), {}, 'a'), runs.send(feeds(3), {}, 'b')];
      callers.push(runs.send(feeds(4), {}, 'a'));
      for (let run = 0; run < 3; run += 1) {
        answer();
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
      answer();
      await first;
      expect(runtime.started.at(-1)!.feeds).toEqual(feeds(2, 3, 4, 8));
      answer();
      await Promise.all(watched);
      answer();
      expect(await Promise.all(later)).toEqual([feeds(80), feeds(90)]);
    });

    it('waits for others for as long as it was told to, and no longer than until the batch is full', async () => {
      const runs = queue({ batching: { maxBatchSize: 2, maxWaitMs: 60_000 } });
      const first = runs.send(feeds(1));
      expect(runtime.started).toHaveLength(0);
      const second = runs.send(feeds(2));
      expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1, 2)]);
      answer();
      await Promise.all([first, second]);
      const short = queue({ batching: { maxBatchSize: 2, maxWaitMs: 5 } });
      const alone = short.send(feeds(3));
      await until('its wait is over', () => runtime.started.length === 2);
      answer();
      expect(await alone).toEqual(feeds(30));
    });

    it.each([0, 1, 2, 3])('lets row %i of a batch that fails fail alone', async (bad) => {
      const runs = queue({ batching });
      const first = runs.send(feeds(100));
      const callers = [0, 1, 2, 3].map((value) => runs.send(feeds(value)).catch((error: unknown) => error));
      answer();
      await first;
      let seen = 1;
      const isOver = Promise.all(callers).then(() => true);
      while (!(await Promise.race([isOver, new Promise<boolean>((resolve) => setImmediate(resolve, false))]))) {
        if (runtime.started.length === seen) continue;
        seen = runtime.started.length;
        const { feeds: given, reject } = runtime.started.at(-1)!;
        if ((given[0]!.data as Float32Array).includes(bad)) reject(new RunFailedError('bad row'));
        else answer();
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
      answer();
      await first;
      runtime.started.at(-1)!.resolve(feeds(7));
      await until('each runs alone', () => runtime.started.length === 3);
      answer();
      await until('the other runs', () => runtime.started.length === 4);
      answer();
      expect(await Promise.all(callers)).toEqual([feeds(20), feeds(30)]);
    });

    it('refuses what would only wait until its deadline, with the figures', async () => {
      const runs = queue({ deadlineMs: 1_000 });
      // Whole, so that sums of milliseconds are too.
      let now = Math.round(performance.now());
      const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
      try {
        const slow = runs.send(feeds(1));
        now += 600;
        answer();
        await slow;
        const running = runs.send(feeds(2));
        const waiting = runs.send(feeds(3), { deadline: now + 10_000 });
        await expect(runs.send(feeds(4))).rejects.toMatchObject({
          code: 'model.overloaded',
          retryAfterSeconds: 2,
          message: '1 predictions wait before this one: about 1800 ms, and it has 1000 ms. Try later.',
        });
        for (const run of [running, waiting]) {
          answer();
          await run;
        }
      } finally {
        clock.mockRestore();
      }
    });

    it('says that an answer is too large', async () => {
      const run = queue().send(feeds(1));
      runtime.started[0]!.reject(new TooLargeAnswerError('9 values'));
      await expect(run).rejects.toMatchObject({ code: 'predict.answer-too-large', kind: 'too-large' });
    });

    it('puts into one run what has arrived by the time the event loop turns', async () => {
      const runs = queue({ batching, soon: undefined });
      const callers = [runs.send(feeds(1)), runs.send(feeds(2)), runs.send(feeds(3))];
      expect(runtime.started).toHaveLength(0);
      await new Promise(setImmediate);
      expect(runtime.started.map((run) => run.feeds)).toEqual([feeds(1, 2, 3)]);
      answer();
      expect(await Promise.all(callers)).toEqual([feeds(10), feeds(20), feeds(30)]);
    });
  });
});
