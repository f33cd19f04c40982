import { Lanes } from '../../../src/platform/async/index.js';

describe('lanes', () => {
  const refusal = (): Error => new Error('too many');
  const forever = (): Promise<never> => new Promise(() => undefined);

  it('take what is free though nobody may wait, and refuse the next', async () => {
    const lanes = new Lanes({ lanes: 1, waiting: 0, refusal });
    await expect(lanes.run(() => Promise.resolve('done'))).resolves.toBe('done');
    void lanes.run(forever);
    await expect(lanes.run(forever)).rejects.toThrow('too many');
  });

  it('are free again after work that fails at once', async () => {
    const lanes = new Lanes({ lanes: 1, waiting: 0, refusal });
    const fail = (): never => {
      throw new Error('no picture');
    };
    await expect(lanes.run(fail)).rejects.toThrow('no picture');
    await expect(lanes.run(() => Promise.resolve('next'))).resolves.toBe('next');
  });
});
