/**
 * Maps items in order, `size()` of them at the same time; it is asked before each. After an error no further item is begun.
 *
 * @returns the results in the order of the items
 */
export function mapInWindow<T, R>(
  items: readonly T[],
  size: () => number,
  map: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let [begun, running] = [0, 0];
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      begun = items.length;
      reject(error);
    };
    const begin = (): void => {
      while (begun < items.length && running < size()) {
        const index = begun;
        begun += 1;
        running += 1;
        map(items[index]!, index).then((result) => {
          results[index] = result;
          running -= 1;
          begin();
        }, fail);
      }
      if (begun === items.length && running === 0) resolve(results);
    };
    begin();
  });
}
