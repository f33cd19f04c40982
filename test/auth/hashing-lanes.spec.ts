import { HashingBusyError } from '../../src/auth/auth.errors.js';
import { HashingLanes } from '../../src/auth/members/hashing-lanes.js';

describe('hashing lanes', () => {
  /** Work that is done when it is told to be. */
  function work(): { run: () => Promise<void>; finish: () => void; hasBegun: () => boolean } {
    let finish = (): void => undefined;
    let begun = false;
    const done = new Promise<void>((resolve) => (finish = resolve));
    return { run: () => ((begun = true), done), finish, hasBegun: () => begun };
  }

  it('leave one core to everybody else, and three at most are used', async () => {
    for (const [cores, lanes] of [
      [1, 1],
      [2, 1],
      [4, 3],
      [64, 3],
    ] as const) {
      const queue = new HashingLanes(cores);
      const works = Array.from({ length: 5 }, work);
      const all = Promise.all(works.map(({ run }) => queue.run(run)));
      expect(works.filter(({ hasBegun }) => hasBegun())).toHaveLength(lanes);
      works.forEach(({ finish }) => finish());
      await all;
      expect(works.every(({ hasBegun }) => hasBegun())).toBe(true);
    }
  });

  it('go on after a failure, in order', async () => {
    const queue = new HashingLanes(2);
    const order: number[] = [];
    const failed = queue.run(() => Promise.reject(new Error('no memory')));
    const later = [1, 2].map((number) => queue.run(() => Promise.resolve(order.push(number))));
    await expect(failed).rejects.toThrow('no memory');
    await Promise.all(later);
    expect(order).toEqual([1, 2]);
  });

  it('refuse what would wait for too long', async () => {
    const queue = new HashingLanes(2);
    const first = work();
    const accepted = Array.from({ length: 201 }, () => queue.run(first.run));
    await expect(queue.run(first.run)).rejects.toBeInstanceOf(HashingBusyError);
    first.finish();
    await Promise.all(accepted);
    await expect(queue.run(() => Promise.resolve('again'))).resolves.toBe('again');
  });
});
