import { ConcurrencyLimiter } from '../../../src/platform/async/index.js';

describe('ConcurrencyLimiter', () => {
  const overflowError = (): Error => new Error('too many');
  const forever = (): Promise<never> => new Promise(() => undefined);

  it('runs a task in a free slot with no queue, and rejects the next one', async () => {
    const limiter = new ConcurrencyLimiter({ concurrency: 1, maxQueued: 0, overflowError });
    await expect(limiter.run(() => Promise.resolve('done'))).resolves.toBe('done');
    void limiter.run(forever);
    await expect(limiter.run(forever)).rejects.toThrow('too many');
  });

  it('frees the slot of a task that throws synchronously', async () => {
    const limiter = new ConcurrencyLimiter({ concurrency: 1, maxQueued: 0, overflowError });
    const fail = (): never => {
      throw new Error('no picture');
    };
    await expect(limiter.run(fail)).rejects.toThrow('no picture');
    await expect(limiter.run(() => Promise.resolve('next'))).resolves.toBe('next');
  });
});
