import { getEventListeners } from 'node:events';
import { ResponseCache } from '../../../src/serving/batching/response-cache.js';
import type { Tensor } from '../../../src/serving/signature/tensor.js';
import type { Caller, Priority } from '../../../src/serving/caller.js';

const FEEDS: Tensor[] = [{ name: 'x', type: 'float32', shape: [1], data: Float32Array.of(1) }];
const ANSWER: Tensor[] = [{ name: 'y', type: 'float32', shape: [1], data: Float32Array.of(2) }];

describe('the answer cache', () => {
  let cache: ResponseCache;
  let lookups: string[];
  let runs: { by: Caller; resolve: (outputs: Tensor[]) => void }[];

  beforeEach(() => {
    [lookups, runs] = [[], []];
    cache = new ResponseCache(10, (result) => lookups.push(result));
  });

  function ask(caller: Caller = {}): Promise<Tensor[]> {
    return cache.respond(
      FEEDS,
      { deadline: performance.now() + 60_000, ...caller },
      (by) => new Promise((resolve) => runs.push({ by, resolve })),
    );
  }

  it.each<[Priority, Priority, string]>([
    ['interactive', 'interactive', 'shared'],
    ['interactive', 'background', 'shared'],
    ['background', 'background', 'shared'],
    ['background', 'interactive', 'miss'],
  ])('where a run of %s is under way, gives a caller of %s a %s', async (first, second, lookup) => {
    const answers = [ask({ priority: first }), ask({ priority: second })];
    expect(lookups).toEqual(['miss', lookup]);
    expect(runs.at(-1)!.by.priority).toBe(lookup === 'shared' ? first : second);
    for (const { resolve } of runs) resolve(ANSWER);
    expect(await Promise.all(answers)).toEqual([ANSWER, ANSWER]);
  });

  it('listens to a caller no longer than it waits for the answer', async () => {
    const { signal } = new AbortController();
    const answer = ask({ signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    runs[0]!.resolve(ANSWER);
    await answer;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('gives a run up when the last caller has gone', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const answers = [ask({ signal: one.signal }), ask({ signal: other.signal })];
    one.abort();
    await expect(answers[0]).rejects.toMatchObject({ code: 'request.abandoned' });
    expect(runs[0]!.by.signal?.aborted).toBe(false);
    other.abort();
    await expect(answers[1]).rejects.toMatchObject({ code: 'request.abandoned' });
    expect(runs[0]!.by.signal?.aborted).toBe(true);
  });
});
