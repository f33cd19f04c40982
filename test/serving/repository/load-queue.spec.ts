import { LoadQueue } from '../../../src/serving/repository/load-queue.js';

describe('LoadQueue', () => {
  let queue: LoadQueue;
  let started: string[];
  let ends: Map<string, () => void>;

  beforeEach(() => {
    queue = new LoadQueue(2);
    started = [];
    ends = new Map();
  });

  const load = (model: string): Promise<void> =>
    queue.run(model, () => {
      started.push(model);
      return new Promise((resolve) => ends.set(model, resolve));
    });

  const end = async (model: string): Promise<void> => {
    ends.get(model)!();
    await new Promise(setImmediate);
  };

  it('runs as many loads at a time as it may, in order of arrival', async () => {
    const loads = ['a', 'b', 'c', 'd'].map(load);
    await new Promise(setImmediate);
    expect(started).toEqual(['a', 'b']);
    await end('b');
    expect(started).toEqual(['a', 'b', 'c']);
    for (const model of ['a', 'c', 'd']) await end(model);
    await Promise.all(loads);
    expect(started).toEqual(['a', 'b', 'c', 'd']);
  });

  it('goes on after a load that fails', async () => {
    const failing = [1, 2].map(() => queue.run('bad', () => Promise.reject(new Error('no such file'))));
    const loads = ['a', 'b'].map(load);
    for (const failure of failing) await expect(failure).rejects.toThrow('no such file');
    expect(started).toEqual(['a', 'b']);
    for (const model of started) await end(model);
    await Promise.all(loads);
  });

  it('starts the load of a model that somebody waits for at once, beside the others', async () => {
    const loads = ['a', 'b', 'c', 'd'].map(load);
    const wanted = queue.hurry('z', () => load('z'));
    await new Promise(setImmediate);
    expect(started).toEqual(['a', 'b', 'z']);
    for (const model of ['z', 'a', 'b', 'c', 'd']) await end(model);
    await Promise.all([wanted, ...loads]);
    expect(started).toEqual(['a', 'b', 'z', 'c', 'd']);
  });

  it('brings a load that waits already to the front once somebody waits for it', async () => {
    const loads = ['a', 'b', 'c', 'd', 'e'].map(load);
    await new Promise(setImmediate);
    const wanted = [queue.hurry('e', () => loads[4]!), queue.hurry('d', () => loads[3]!)];
    await new Promise(setImmediate);
    expect(started).toEqual(['a', 'b', 'e']);
    await end('a');
    expect(started).toEqual(['a', 'b', 'e', 'd']);
    for (const model of ['b', 'd', 'e', 'c']) await end(model);
    await Promise.all([...wanted, ...loads]);
  });
});
