import { LRUCache } from 'lru-cache';
import type { Caller, GoneSignal, Priority, TimedCaller } from '../caller.js';
import { encodeTensors, FrameKind } from '../runtime/frames.js';
import { ClientGoneError, DeadlineError } from '../serving.errors.js';
import type { Tensor } from '../signature/tensor.js';

/** Larger inputs are not cached. */
const MAX_KEY_BYTES = 65_536;
/** The size of one version's cache, whatever `maxEntries` is. */
const MAX_CACHE_BYTES = 64 * 2 ** 20;

type Run = (caller: TimedCaller) => Promise<Tensor[]>;
type LookupResult = 'hit' | 'shared' | 'miss';

/** A promise that rejects on an event, until it is cancelled. */
interface Rejection {
  readonly promise: Promise<never>;
  cancel(): void;
}

/** A run that several callers wait for. */
interface SharedRun {
  readonly outputs: Promise<Tensor[]>;
  readonly controller: AbortController;
  callers: number;
}

/**
 * LRU cache of one version's outputs, keyed by the exact bytes of the input; concurrent requests with the same input share one
 * run. Access is checked before the cache is asked, and entries hold no data of the callers besides the input.
 */
export class ResponseCache {
  private readonly entries: LRUCache<string, Tensor[]>;
  private readonly running: Record<Priority, Map<string, SharedRun>> = {
    interactive: new Map(),
    background: new Map(),
  };

  constructor(
    maxEntries: number,
    private readonly onLookup: (result: LookupResult, ms: number) => void,
  ) {
    this.entries = new LRUCache({ max: maxEntries, maxSize: MAX_CACHE_BYTES, sizeCalculation: sizeInBytes });
  }

  /** The outputs for `feeds`: from the cache, or else from a run. Errors are not cached. */
  async respond(feeds: readonly Tensor[], caller: TimedCaller, run: Run): Promise<Tensor[]> {
    const since = performance.now();
    const key = keyOf(feeds);
    if (key === undefined) return run(caller);
    const cached = this.entries.get(key);
    const running = cached ? undefined : this.findRun(key, caller);
    this.onLookup(cached ? 'hit' : running ? 'shared' : 'miss', performance.now() - since);
    if (cached) return cached;
    return this.join(running ?? this.start(key, run, caller), caller, () => this.respond(feeds, caller, run));
  }

  /** A running request with the same input; an interactive caller does not wait for a background run. */
  private findRun(key: string, { priority }: Caller): SharedRun | undefined {
    const { interactive, background } = this.running;
    return interactive.get(key) ?? (priority === 'background' ? background.get(key) : undefined);
  }

  private start(key: string, run: Run, { deadline, priority = 'interactive' }: TimedCaller): SharedRun {
    const running = this.running[priority];
    const controller = new AbortController();
    const outputs = run({ deadline, priority, signal: controller.signal });
    const shared = { outputs, controller, callers: 0 };
    running.set(key, shared);
    const remove = (): void => {
      if (running.get(key) === shared) running.delete(key);
    };
    outputs
      .then(
        (tensors) => this.entries.set(key, tensors.map(withOwnBuffer)),
        () => undefined,
      )
      .finally(remove);
    return shared;
  }

  /** Waits for a shared run, which is aborted when its last caller has gone. */
  private async join(shared: SharedRun, caller: TimedCaller, retry: () => Promise<Tensor[]>): Promise<Tensor[]> {
    shared.callers += 1;
    const gone = rejectOnAbort(caller.signal);
    const late = rejectAt(caller.deadline);
    try {
      return await Promise.race([shared.outputs, gone.promise, late.promise]);
    } catch (error) {
      // The caller that started the run had an earlier deadline, or has disconnected.
      const isOfOtherCaller = error instanceof DeadlineError || error instanceof ClientGoneError;
      const isOver = caller.signal?.aborted === true || performance.now() >= caller.deadline;
      if (!isOfOtherCaller || isOver) throw error;
    } finally {
      gone.cancel();
      late.cancel();
      shared.callers -= 1;
      if (shared.callers === 0) shared.controller.abort();
    }
    return retry();
  }
}

/** The cache that a manifest asks for, if any. */
export function newResponseCache(
  { maxEntries }: { readonly maxEntries?: number | undefined } = {},
  recorder: { cacheLookup(result: LookupResult, ms: number): void },
): ResponseCache | undefined {
  return maxEntries ? new ResponseCache(maxEntries, (...lookup) => recorder.cacheLookup(...lookup)) : undefined;
}

function rejectOnAbort(signal: GoneSignal | undefined): Rejection {
  let onAbort = (): void => undefined;
  const promise = new Promise<never>((_, reject) => (onAbort = () => reject(new ClientGoneError())));
  signal?.addEventListener('abort', onAbort, { once: true });
  return { promise, cancel: () => signal?.removeEventListener('abort', onAbort) };
}

function rejectAt(deadline: number): Rejection {
  const ms = deadline - performance.now();
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError()), ms);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}

/** The encoded input itself and no hash of it, so that two inputs never collide; undefined for large inputs. */
function keyOf(feeds: readonly Tensor[]): string | undefined {
  const size = feeds.reduce((sum, { data }) => sum + (Array.isArray(data) ? textBytes(data) : data.byteLength), 0);
  return size > MAX_KEY_BYTES ? undefined : Buffer.concat(encodeTensors(FrameKind.run, 0, [feeds])).toString('latin1');
}

/** Copies data that is a view, so that an entry does not keep the buffer of a whole batch in memory. */
function withOwnBuffer(tensor: Tensor): Tensor {
  const { data } = tensor;
  if (Array.isArray(data) || data.byteLength === data.buffer.byteLength) return tensor;
  return { ...tensor, data: data.slice() };
}

function sizeInBytes(tensors: Tensor[]): number {
  return tensors.reduce((sum, { data }) => sum + (Array.isArray(data) ? textBytes(data) : data.byteLength), 1);
}

function textBytes(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 4, 0);
}
