import { IncomingMessage, ServerResponse } from 'node:http';
import type { Application } from 'express';

/** Node's own constructors are functions that can be called on an object that is there already. */
type Callable = (this: object, ...args: unknown[]) => void;

interface Classes {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse;
}

/** What Express, Nest and this room put on a request and its response: with room for them, none has to be enlarged. */
interface Furnished {
  res: unknown;
  next: unknown;
  baseUrl: unknown;
  originalUrl: unknown;
  params: unknown;
  route: unknown;
  body: unknown;
  requestId: unknown;
  startedAt: unknown;
  memberId: unknown;
  locals: unknown;
  own: unknown;
  dropped: unknown;
  presence: unknown;
}

/**
 * Classes for a server whose requests and responses have Express's prototypes from the start. Express sets the prototype of
 * each of them otherwise, and an object whose prototype is changed is slow from then on, whatever is done with it: this
 * alone makes an application several times as fast. Setting the prototype that an object has already does nothing.
 */
export function stablePrototypes(app: Application): Classes {
  const { request, response } = app as unknown as { request: object; response: object };
  const [readMessage, makeResponse] = [IncomingMessage, ServerResponse] as unknown as [Callable, Callable];
  function Request(this: Furnished, ...args: unknown[]): void {
    readMessage.apply(this, args);
    this.res = undefined;
    this.next = undefined;
    this.baseUrl = undefined;
    this.originalUrl = undefined;
    this.params = undefined;
    this.route = undefined;
    this.body = undefined;
    this.requestId = undefined;
    this.startedAt = undefined;
    this.memberId = undefined;
  }
  function Response(this: Furnished, ...args: unknown[]): void {
    makeResponse.apply(this, args);
    this.locals = undefined;
    this.own = undefined;
    this.dropped = undefined;
    this.presence = undefined;
  }
  return {
    IncomingMessage: derived(Request, IncomingMessage, request),
    ServerResponse: derived(Response, ServerResponse, response),
  };
}

/** V8 makes as much room in an object as its constructor, and those that it is derived from, are seen to need. */
function derived<T extends object>(constructor: (...args: unknown[]) => void, base: T, prototype: object): T {
  Object.setPrototypeOf(constructor, base);
  constructor.prototype = prototype;
  return constructor as unknown as T;
}
