import { mapInWindow } from '../../../src/serving/pipeline/map-in-window.js';

describe('mapInWindow', () => {
  it('maps at most as many at a time as it is told before each, and keeps the order', async () => {
    const ends: (() => void)[] = [];
    let size = 2;
    const results = mapInWindow(
      [1, 2, 3, 4, 5],
      () => size,
      async (item) => {
        await new Promise<void>((resolve) => ends.push(resolve));
        return item * 10;
      },
    );
    expect(ends).toHaveLength(2);
    ends[1]!();
    await new Promise(setImmediate);
    expect(ends).toHaveLength(3);
    size = 4;
    ends[0]!();
    await new Promise(setImmediate);
    expect(ends).toHaveLength(5);
    for (const end of ends) end();
    expect(await results).toEqual([10, 20, 30, 40, 50]);
  });

  it('rejects with the first error, and begins no further item', async () => {
    const begun: number[] = [];
    const mapped = mapInWindow(
      [1, 2, 3, 4],
      () => 2,
      (item) => {
        begun.push(item);
        return item === 2 ? Promise.reject(new Error('no')) : Promise.resolve(item);
      },
    );
    await expect(mapped).rejects.toThrow('no');
    await new Promise(setImmediate);
    expect(begun).not.toContain(4);
  });

  it('resolves to nothing for nothing', async () => {
    expect(
      await mapInWindow(
        [],
        () => 1,
        () => Promise.resolve(1),
      ),
    ).toEqual([]);
  });
});
