import { getEventListeners } from 'node:events';
import { ResponseCache } from '../../../src/serving/batching/response-cache.js';
import type { Tensor } from '../../../src/serving/signature/tensor.js';
import type { Caller, Priority } from '../../../src/serving/caller.js';

const FEEDS: Tensor[] = [{ name: 'x', type: 'float32', shape: [1], data: Float32Array.of(1) }];
const OUTPUTS: Tensor[] = [{ name: 'y', type: 'float32', shape: [1], data: Float32Array.of(2) }];

describe('ResponseCache', () => {
  let cache: ResponseCache;
  let lookups: string[];
  let runs: { by: Caller; resolve: (outputs: Tensor[]) => void }[];

  beforeEach(() => {
    [lookups, runs] = [[], []];
    cache = new ResponseCache(10, (result) => lookups.push(result));
  });

  function request(caller: Caller = {}): Promise<Tensor[]> {
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
  ])('during a run of priority %s, counts a lookup of priority %s as %s', async (first, second, lookup) => {
    const responses = [request({ priority: first }), request({ priority: second })];
    expect(lookups).toEqual(['miss', lookup]);
    expect(runs.at(-1)!.by.priority).toBe(lookup === 'shared' ? first : second);
    for (const { resolve } of runs) resolve(OUTPUTS);
    expect(await Promise.all(responses)).toEqual([OUTPUTS, OUTPUTS]);
  });

  it('removes its abort listener when the caller has its response', async () => {
    const { signal } = new AbortController();
    const response = request({ signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    runs[0]!.resolve(OUTPUTS);
    await response;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('aborts a shared run when its last caller has disconnected', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const responses = [request({ signal: one.signal }), request({ signal: other.signal })];
    one.abort();
    await expect(responses[0]).rejects.toMatchObject({ code: 'request.abandoned' });
    expect(runs[0]!.by.signal?.aborted).toBe(false);
    other.abort();
    await expect(responses[1]).rejects.toMatchObject({ code: 'request.abandoned' });
    expect(runs[0]!.by.signal?.aborted).toBe(true);
  });
});
