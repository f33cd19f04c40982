/** Interactive callers come before background work. */
export type Priority = 'interactive' | 'background';

/** Tells that a caller has disconnected: the part of `AbortSignal` that is used here, because a whole one is slow to create. */
export interface GoneSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The caller of a prediction. */
export interface Caller {
  readonly signal?: GoneSignal;
  /** In milliseconds as `performance.now()` counts; see `ModelVersion.deadlineFor` for its default. */
  readonly deadline?: number;
  /** `interactive` unless given. */
  readonly priority?: Priority;
}

/** A caller whose deadline has been set. */
export interface TimedCaller extends Caller {
  readonly deadline: number;
}
