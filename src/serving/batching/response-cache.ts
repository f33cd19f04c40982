import { LRUCache } from 'lru-cache';
import { ClientGoneError, DeadlineError } from '../serving.errors.js';
import { encodeTensors, FrameKind } from '../runtime/frames.js';
import type { Tensor } from '../signature/tensor.js';
import type { Caller, GoneSignal, Priority, TimedCaller } from '../caller.js';

/** Larger inputs are not worth keeping. */
const MAX_KEY_BYTES = 65_536;
/** Answers of one version, in bytes, whatever `maxEntries` says. */
const MAX_BYTES = 64 * 2 ** 20;

type Run = (caller: TimedCaller) => Promise<Tensor[]>;
type Lookup = 'hit' | 'shared' | 'miss';

/** What may come before an answer, until it is ended. */
interface Hindrance {
  readonly happened: Promise<never>;
  end(): void;
}

/** A run that several callers wait for. */
interface SharedRun {
  readonly outputs: Promise<Tensor[]>;
  readonly abandon: AbortController;
  callers: number;
}

/**
 * Answers of one version of a model by the exact bytes of the input, the latest `maxEntries` of them; the same input under
 * way shares one run. What is kept are tensors: who may ask has been decided before, and no caller's own data is in them.
 */
export class ResponseCache {
  private readonly answers: LRUCache<string, Tensor[]>;
  private readonly running: Record<Priority, Map<string, SharedRun>> = {
    interactive: new Map(),
    background: new Map(),
  };

  constructor(
    maxEntries: number,
    private readonly lookedUp: (result: Lookup, ms: number) => void,
  ) {
    this.answers = new LRUCache({ max: maxEntries, maxSize: MAX_BYTES, sizeCalculation: sizeInBytes });
  }

  /** The answer to `feeds`: a kept one, or that of a run. Errors are not kept. */
  async respond(feeds: readonly Tensor[], caller: TimedCaller, run: Run): Promise<Tensor[]> {
    const since = performance.now();
    const key = keyOf(feeds);
    if (key === undefined) return run(caller);
    const kept = this.answers.get(key);
    const underWay = kept ? undefined : this.findRun(key, caller);
    this.lookedUp(kept ? 'hit' : underWay ? 'shared' : 'miss', performance.now() - since);
    if (kept) return kept;
    return this.join(underWay ?? this.begin(key, run, caller), caller, () => this.respond(feeds, caller, run));
  }

  /** One that is not behind what the caller comes before. */
  private findRun(key: string, { priority }: Caller): SharedRun | undefined {
    const { interactive, background } = this.running;
    return interactive.get(key) ?? (priority === 'background' ? background.get(key) : undefined);
  }

  private begin(key: string, run: Run, { deadline, priority = 'interactive' }: TimedCaller): SharedRun {
    const running = this.running[priority];
    const abandon = new AbortController();
    const outputs = run({ deadline, priority, signal: abandon.signal });
    const shared = { outputs, abandon, callers: 0 };
    running.set(key, shared);
    const forget = (): void => {
      if (running.get(key) === shared) running.delete(key);
    };
    outputs
      .then(
        (answer) => this.answers.set(key, answer.map(alone)),
        () => undefined,
      )
      .finally(forget);
    return shared;
  }

  /** Waits with the others; the last one to leave gives the run up. */
  private async join(shared: SharedRun, caller: TimedCaller, again: () => Promise<Tensor[]>): Promise<Tensor[]> {
    shared.callers += 1;
    const gone = departure(caller.signal);
    const late = timer(caller.deadline);
    try {
      return await Promise.race([shared.outputs, gone.happened, late.happened]);
    } catch (error) {
      // The one that began it had less time than this one has, or has gone.
      const isOthers = error instanceof DeadlineError || error instanceof ClientGoneError;
      const isOver = caller.signal?.aborted === true || performance.now() >= caller.deadline;
      if (!isOthers || isOver) throw error;
    } finally {
      gone.end();
      late.end();
      shared.callers -= 1;
      if (shared.callers === 0) shared.abandon.abort();
    }
    return again();
  }
}

function departure(signal: GoneSignal | undefined): Hindrance {
  let leave = (): void => undefined;
  const happened = new Promise<never>((_, reject) => (leave = () => reject(new ClientGoneError())));
  signal?.addEventListener('abort', leave, { once: true });
  return { happened, end: () => signal?.removeEventListener('abort', leave) };
}

function timer(deadline: number): Hindrance {
  const ms = deadline - performance.now();
  let handle: NodeJS.Timeout | undefined;
  const happened = new Promise<never>((_, reject) => {
    handle = setTimeout(() => reject(new DeadlineError()), ms);
  });
  return { happened, end: () => clearTimeout(handle) };
}

/** The bytes themselves: nothing that only looks alike is taken for the same. */
function keyOf(feeds: readonly Tensor[]): string | undefined {
  const size = feeds.reduce((sum, { data }) => sum + (Array.isArray(data) ? textBytes(data) : data.byteLength), 0);
  return size > MAX_KEY_BYTES ? undefined : encodeTensors(FrameKind.run, 0, [feeds]).toString('latin1');
}

/** A copy where the data is a part of a whole batch's, which must not be kept for its sake. */
function alone(tensor: Tensor): Tensor {
  const { data } = tensor;
  if (Array.isArray(data) || data.byteLength === data.buffer.byteLength) return tensor;
  return { ...tensor, data: data.slice() };
}

function sizeInBytes(answer: Tensor[]): number {
  return answer.reduce((sum, { data }) => sum + (Array.isArray(data) ? textBytes(data) : data.byteLength), 1);
}

function textBytes(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 4, 0);
}
