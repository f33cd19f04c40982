import type { Response } from 'express';

declare module 'http' {
  interface ServerResponse {
    presence?: ClientPresence;
  }
}

/**
 * Signals that a client has disconnected before its response. It implements the part of `AbortSignal` that is needed here. An
 * `AbortSignal` takes longer to create.
 */
export class ClientPresence {
  private isDisconnected = false;
  private listeners: (() => void)[] = [];

  /** The signal of the client that waits for `response`. */
  static of(response: Response): ClientPresence {
    response.presence ??= new ClientPresence();
    if (response.closed) response.presence.end(response.writableFinished);
    return response.presence;
  }

  /**
   * Wraps `signal` for many listeners that come and go. An `AbortSignal` chains its listeners, removed ones included, and keeps
   * their closures in memory.
   */
  static until(signal: AbortSignal): ClientPresence {
    const presence = new ClientPresence();
    if (signal.aborted) presence.end(false);
    else signal.addEventListener('abort', () => presence.end(false), { once: true });
    return presence;
  }

  get aborted(): boolean {
    return this.isDisconnected;
  }

  addEventListener(_: 'abort', listener: () => void): void {
    this.listeners.push(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.listeners = this.listeners.filter((other) => other !== listener);
  }

  /** Converts it for APIs that need a real `AbortSignal`. */
  toAbortSignal(): AbortSignal {
    const controller = new AbortController();
    if (this.isDisconnected) controller.abort();
    else this.addEventListener('abort', () => controller.abort());
    return controller.signal;
  }

  /** Must be called when the response is closed. Notifies the listeners unless the response was sent completely. */
  end(isAnswered: boolean): void {
    if (this.isDisconnected || isAnswered) return;
    this.isDisconnected = true;
    for (const listener of this.listeners) listener();
  }
}
