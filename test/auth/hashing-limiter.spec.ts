import { HashingBusyError } from '../../src/auth/auth.errors.js';
import { HashingLimiter } from '../../src/auth/members/hashing-limiter.js';

describe('HashingLimiter', () => {
  /** A task that ends on `finish()`. */
  function work(): { run: () => Promise<void>; finish: () => void; hasBegun: () => boolean } {
    let finish = (): void => undefined;
    let begun = false;
    const done = new Promise<void>((resolve) => (finish = resolve));
    return { run: () => ((begun = true), done), finish, hasBegun: () => begun };
  }

  it('leaves one core free and runs at most three hashes at once', async () => {
    for (const [cores, concurrency] of [
      [1, 1],
      [2, 1],
      [4, 3],
      [64, 3],
    ] as const) {
      const limiter = new HashingLimiter(cores);
      const works = Array.from({ length: 5 }, work);
      const all = Promise.all(works.map(({ run }) => limiter.run(run)));
      expect(works.filter(({ hasBegun }) => hasBegun())).toHaveLength(concurrency);
      works.forEach(({ finish }) => finish());
      await all;
      expect(works.every(({ hasBegun }) => hasBegun())).toBe(true);
    }
  });

  it('continues in order after a task fails', async () => {
    const limiter = new HashingLimiter(2);
    const order: number[] = [];
    const failed = limiter.run(() => Promise.reject(new Error('no memory')));
    const later = [1, 2].map((number) => limiter.run(() => Promise.resolve(order.push(number))));
    await expect(failed).rejects.toThrow('no memory');
    await Promise.all(later);
    expect(order).toEqual([1, 2]);
  });

  it('rejects a hash that would wait too long', async () => {
    const limiter = new HashingLimiter(2);
    const first = work();
    const accepted = Array.from({ length: 201 }, () => limiter.run(first.run));
    await expect(limiter.run(first.run)).rejects.toBeInstanceOf(HashingBusyError);
    first.finish();
    await Promise.all(accepted);
    await expect(limiter.run(() => Promise.resolve('again'))).resolves.toBe('again');
  });
});
