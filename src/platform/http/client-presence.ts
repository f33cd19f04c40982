import type { Response } from 'express';

declare module 'http' {
  interface ServerResponse {
    presence?: ClientPresence;
  }
}

/**
 * Tells that a client has hung up before its answer. It looks like an `AbortSignal`, which takes long to make, to those who
 * need no more than this of it.
 */
export class ClientPresence {
  private hasGone = false;
  private listeners: (() => void)[] = [];

  /** The presence of the client that waits for `response`. */
  static of(response: Response): ClientPresence {
    response.presence ??= new ClientPresence();
    if (response.closed) response.presence.end(response.writableFinished);
    return response.presence;
  }

  /**
   * The same as `signal`, for many who listen in turn: an `AbortSignal` chains its listeners, past ones too, and what each of
   * them holds stays in memory until all of it is looked through.
   */
  static until(signal: AbortSignal): ClientPresence {
    const presence = new ClientPresence();
    if (signal.aborted) presence.end(false);
    else signal.addEventListener('abort', () => presence.end(false), { once: true });
    return presence;
  }

  get aborted(): boolean {
    return this.hasGone;
  }

  addEventListener(_: 'abort', listener: () => void): void {
    this.listeners.push(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.listeners = this.listeners.filter((other) => other !== listener);
  }

  /** The same for those who need the platform's own. */
  toAbortSignal(): AbortSignal {
    const controller = new AbortController();
    if (this.hasGone) controller.abort();
    else this.addEventListener('abort', () => controller.abort());
    return controller.signal;
  }

  /** The connection is over: nobody waits any more. */
  end(isAnswered: boolean): void {
    if (this.hasGone || isAnswered) return;
    this.hasGone = true;
    for (const listener of this.listeners) listener();
  }
}
