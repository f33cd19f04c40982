import { setImmediate as nextIteration } from 'node:timers/promises';
import type { Response } from 'express';
import { ResponseQueue } from '../../../src/platform/server/response-queue.js';

/** Bodies of the responses that have been sent, in order. */
let sent: string[] = [];
let queue: ResponseQueue;

class FakeResponse {
  writableEnded = false;
  statusCode = 200;

  writeHead(status: number): void {
    if (status < 100) throw new RangeError('no status');
  }

  end(text: string): void {
    this.writableEnded = true;
    sent.push(text);
  }
}

const read = (): Response => {
  const response = new FakeResponse() as unknown as Response;
  queue.requestRead(response);
  return response;
};

describe('ResponseQueue', () => {
  beforeEach(async () => {
    // The queue of the test before may still be flushed.
    await nextIteration();
    queue = new ResponseQueue();
    sent = [];
  });

  it('sends responses that are ready immediately together at the end of the iteration, in their order', async () => {
    queue.end(read(), 'a');
    queue.end(read(), 'b');
    expect(sent).toEqual([]);
    await nextIteration();
    expect(sent).toEqual(['a', 'b']);
  });

  it('sends a response at once if another request was read or an iteration passed since its own request', async () => {
    const [first, second] = [read(), read()];
    queue.end(first, 'a');
    expect(sent).toEqual(['a']);
    await nextIteration();
    queue.end(second, 'b');
    expect(sent).toEqual(['a', 'b']);
  });

  it('is flushed within an iteration when it has 64 responses', () => {
    for (let index = 0; index < 100; index += 1) queue.end(read(), String(index));
    expect(sent).toHaveLength(64);
  });

  it('throws the error of an invalid head to its caller, and still sends the other responses', async () => {
    queue.end(read(), 'a');
    const invalid = read();
    invalid.statusCode = 5;
    expect(() => queue.end(invalid, 'b')).toThrow('no status');
    await nextIteration();
    expect(sent).toEqual(['a']);
  });

  it('does not send a response again that has been ended in the meantime', async () => {
    const response = read();
    queue.end(response, 'a');
    response.end('too late');
    await nextIteration();
    expect(sent).toEqual(['too late']);
  });
});
