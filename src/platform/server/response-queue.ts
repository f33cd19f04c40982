import type { Response } from 'express';

/** A longer queue is flushed before the end of the iteration. */
const MAX_LENGTH = 64;

/**
 * Sends responses that are ready immediately together, at the end of an iteration of the event loop. The first of them wakes
 * the client up, and the client finds the others when it reads. Sent one by one, each would wake it up again, which takes as
 * long as a simple handler.
 */
export class ResponseQueue {
  private responses: Response[] = [];
  private bodies: string[] = [];
  /** Response to the request that was read last in this iteration. */
  private latest: Response | undefined;

  /** Must be called with the response of each request when the request has been read. */
  readonly requestRead = (response: Response): void => {
    if (this.latest === undefined) setImmediate(this.endIteration);
    this.latest = response;
  };

  /**
   * Ends a response with its body. The response is queued if no other request has been read since its own. Otherwise it had to
   * wait, as a prediction does, and is sent at once: it leaves with the others of its batch anyway.
   */
  end(response: Response, body: string): void {
    if (response !== this.latest) {
      response.end(body);
      return;
    }
    // An invalid status or header must throw in the handler that set it.
    response.writeHead(response.statusCode);
    this.responses.push(response);
    this.bodies.push(body);
    if (this.responses.length === MAX_LENGTH) this.flush();
  }

  private readonly endIteration = (): void => {
    this.latest = undefined;
    this.flush();
  };

  private flush(): void {
    const { responses, bodies } = this;
    this.responses = [];
    this.bodies = [];
    responses.forEach((response, index) => {
      // A timeout may have ended the response in the meantime.
      if (!response.writableEnded) response.end(bodies[index]);
    });
  }
}
