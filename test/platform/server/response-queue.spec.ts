import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Response } from 'express';
import { arrived, depart } from '../../../src/platform/server/response-queue.js';

/** What has left, in order. */
let left: string[] = [];

class FakeResponse {
  writableEnded = false;
  statusCode = 200;

  writeHead(status: number): void {
    if (status < 100) throw new RangeError('no status');
  }

  end(text: string): void {
    this.writableEnded = true;
    left.push(text);
  }
}

const read = (): Response => {
  const response = new FakeResponse() as unknown as Response;
  arrived(response);
  return response;
};

describe('answers', () => {
  beforeEach(async () => {
    await nextTurn();
    left = [];
  });

  it('that are ready at once leave together at the end of the turn, in their order', async () => {
    depart(read(), 'a');
    depart(read(), 'b');
    expect(left).toEqual([]);
    await nextTurn();
    expect(left).toEqual(['a', 'b']);
  });

  it('that were waited for leave at once, be it until another request was read or until the next turn', async () => {
    const [first, second] = [read(), read()];
    depart(first, 'a');
    expect(left).toEqual(['a']);
    await nextTurn();
    depart(second, 'b');
    expect(left).toEqual(['a', 'b']);
  });

  it('do not wait for a turn without end', () => {
    for (let index = 0; index < 100; index += 1) depart(read(), String(index));
    expect(left).toHaveLength(64);
  });

  it('whose head is wrong say so to who gives them, and keep nobody from theirs', async () => {
    depart(read(), 'a');
    const wrong = read();
    wrong.statusCode = 5;
    expect(() => depart(wrong, 'b')).toThrow('no status');
    await nextTurn();
    expect(left).toEqual(['a']);
  });

  it('are not given twice where somebody else has ended them meanwhile', async () => {
    const response = read();
    depart(response, 'a');
    response.end('too late');
    await nextTurn();
    expect(left).toEqual(['too late']);
  });
});
