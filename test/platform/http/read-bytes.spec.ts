import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { readBytes } from '../../../src/platform/http/body/request-input.guard.js';

const LIMIT = 10;

/** A request whose body the test pushes. */
function request(headers: Record<string, string> = {}): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  Object.assign(message.headers, headers);
  return message;
}

describe('readBytes', () => {
  it.each([[[]], [['one']], [['one', ' and ', 'ab']]])('reads a body of the chunks %j', async (chunks) => {
    const message = request();
    const bytes = readBytes(message, LIMIT);
    for (const chunk of chunks) message.push(chunk);
    message.push(null);
    expect(String(await bytes)).toBe(chunks.join(''));
  });

  it('rejects a body over the limit, by its Content-Length or while it arrives', async () => {
    const code = 'request.too-large';
    await expect(readBytes(request({ 'content-length': '11' }), LIMIT)).rejects.toMatchObject({ code });
    const message = request();
    const bytes = readBytes(message, LIMIT);
    message.push('eleven byte');
    await expect(bytes).rejects.toMatchObject({ code });
  });

  it('rejects an incomplete body, also if the client had disconnected before', async () => {
    const code = 'request.malformed';
    const message = request();
    const bytes = readBytes(message, LIMIT);
    message.push('half');
    message.destroy();
    await expect(bytes).rejects.toMatchObject({ code });
    const gone = request();
    gone.destroy();
    await once(gone, 'close');
    await expect(readBytes(gone, LIMIT)).rejects.toMatchObject({ code });
  });
});
