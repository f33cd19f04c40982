import { FailedRuns, type FailedRunParts } from '../../../src/serving/pipeline/failed-runs.js';
import { RunFailedError, RuntimeDiedError, type RuntimeProcess } from '../../../src/serving/runtime/runtime-process.js';
import { ModelRunFailedError } from '../../../src/serving/serving.errors.js';
import type { ServingSettings } from '../../../src/serving/serving.settings.js';
import type { Tensor } from '../../../src/serving/signature/tensor.js';
import { VersionRecorder } from '../../../src/serving/stats/version-recorder.js';
import { feeds } from '../../support/manual-runtime.js';

const SETTINGS = { deadlineMs: 200, limits: { rows: 10, elements: 10, textLength: 10 } } as ServingSettings;
const EXAMPLE = 7;

/** What a process does with a run of these rows. */
type Process = (rows: readonly number[]) => Promise<Tensor[]>;

const rowsOf = (tensors: readonly Tensor[]): number[] => [...(tensors[0]!.data as Float32Array)];
const succeeds: Process = (rows) => Promise.resolve(feeds(...rows));
const failsOn =
  (bad: number): Process =>
  (rows) =>
    rows.includes(bad) ? Promise.reject(new RunFailedError('bad row')) : succeeds(rows);

describe('FailedRuns', () => {
  let starts: number;
  let recorder: VersionRecorder;

  beforeEach(() => {
    starts = 0;
    recorder = new VersionRecorder();
  });

  /** @param fresh what the fresh process does; one that never starts unless given */
  function failedRuns(main: Process, fresh?: Process): FailedRuns {
    const parts = {
      runtime: {
        startAnother: (signal: AbortSignal) => {
          starts += 1;
          let kill = (): void => undefined;
          const exited = new Promise<void>((resolve) => (kill = resolve));
          const process = { run: ([part]: [Tensor[]]) => fresh!(rowsOf(part)), exited, kill, stop: kill };
          if (fresh) return Promise.resolve(process as unknown as RuntimeProcess);
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
        },
      },
      queue: { submit: ({ feeds: given }: { feeds: Tensor[] }) => main(rowsOf(given)) },
      validator: { check: () => [EXAMPLE] },
      preprocess: ([row]: number[][]) => feeds(row![0]!),
      exampleRow: {},
    };
    return new FailedRuns(parts as unknown as FailedRunParts, SETTINGS, recorder);
  }

  async function explain(runs: FailedRuns, ...rows: number[]): Promise<object> {
    const error = new ModelRunFailedError(
      new RunFailedError('secret words'),
      { feeds: feeds(...rows), rows: rows.length },
      100,
    );
    const explained = await runs.explain(error, { deadline: performance.now() + 100 });
    runs.stop();
    await new Promise(setImmediate);
    return explained;
  }

  it.each([
    [[9], 100],
    [[9, 1, 2], 100],
    [[1, 9, 2, 3, 4], 101],
    [[1, 2, 3, 9], 103],
  ])('says which of %j fails alone in a fresh process', async (rows, row) => {
    expect(await explain(failedRuns(failsOn(9), failsOn(9)), ...rows)).toMatchObject({
      code: 'model.input-rejected',
      row,
    });
    expect(recorder.failures).toMatchObject([{ code: 'model.input-rejected', message: 'secret words' }]);
  });

  it('blames the server where the row succeeds in a fresh process, or ends it', async () => {
    const expected = { code: 'model.run-failed' };
    expect(await explain(failedRuns(failsOn(9), succeeds), 9)).toMatchObject(expected);
    const dies: Process = () => Promise.reject(new RuntimeDiedError('gone'));
    expect(await explain(failedRuns(failsOn(9), dies), 9)).toMatchObject(expected);
    expect(recorder.failures).toHaveLength(2);
  });

  it('blames the server where rows fail together and none fails alone', async () => {
    const together: Process = (rows) => (rows.length > 1 ? Promise.reject(new RunFailedError('no')) : succeeds(rows));
    expect(await explain(failedRuns(together, together), 1, 2, 3)).toMatchObject({ code: 'model.run-failed' });
  });

  it('trusts a process that still runs the example where no other has started in time', async () => {
    expect(await explain(failedRuns(failsOn(9)), 1, 9)).toMatchObject({ code: 'model.input-rejected', row: 101 });
    const broken: Process = () => Promise.reject(new RunFailedError('all'));
    expect(await explain(failedRuns(broken), 1, 9)).toMatchObject({ code: 'model.run-failed' });
  });

  it('starts one process for many failures, and shows no input in a log', async () => {
    const runs = failedRuns(failsOn(9), failsOn(9));
    const error = new ModelRunFailedError(new RunFailedError('bad'), { feeds: feeds(9), rows: 1 });
    await Promise.all(Array.from({ length: 40 }, () => runs.explain(error, { deadline: performance.now() + 1_000 })));
    expect(starts).toBe(1);
    expect(recorder.failures).toHaveLength(10);
    expect(Object.keys(error)).not.toContain('feeds');
    expect(JSON.stringify(error)).not.toContain('data');
    runs.stop();
  });

  it('leaves the rows of background work to it until one is alone', async () => {
    const runs = failedRuns(failsOn(9), failsOn(9));
    const error = new ModelRunFailedError(new RunFailedError('bad'), { feeds: feeds(1, 9), rows: 2 });
    expect(await runs.explain(error, { deadline: performance.now() + 100, priority: 'background' })).toBe(error);
    expect(starts).toBe(0);
  });
});
