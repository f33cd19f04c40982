import type { Response } from 'express';

/** So many answers leave even before the turn is over. */
const MOST = 64;

let responses: Response[] = [];
let texts: string[] = [];
/** Whose request has been read last in this turn. */
let latest: Response | undefined;

/** To be told of each request when it has been read, by its response. */
export function arrived(response: Response): void {
  if (latest === undefined) setImmediate(endTurn);
  latest = response;
}

/**
 * Ends an answer with its text. One that is ready before another request is read leaves together with all others of its kind in
 * this turn of the event loop, once what has arrived has been read: the first wakes the client up, which then finds the rest.
 * One by one, each would wake it up again, which takes as long as a simple handler does. One that had to be waited for,
 * such as a prediction, leaves at once: it comes with others as it is.
 */
export function depart(response: Response, text: string): void {
  if (response !== latest) {
    response.end(text);
    return;
  }
  // What is wrong with its head is the fault of who answers, and has to reach them.
  response.writeHead(response.statusCode);
  responses.push(response);
  texts.push(text);
  if (responses.length === MOST) leave();
}

function endTurn(): void {
  latest = undefined;
  leave();
}

function leave(): void {
  const [leaving, theirs] = [responses, texts];
  responses = [];
  texts = [];
  leaving.forEach((response, index) => {
    // Somebody may have ended it meanwhile, because its time was up.
    if (!response.writableEnded) response.end(theirs[index]);
  });
}
