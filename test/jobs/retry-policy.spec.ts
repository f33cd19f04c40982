import { DomainError, type DomainErrorKind, InvalidInputError } from '../../src/platform/http/index.js';
import { decideRetry } from '../../src/jobs/runner/retry-policy.js';

class SomeError extends DomainError {
  readonly code = 'some.code';

  constructor(
    readonly kind: DomainErrorKind,
    override readonly retryAfterSeconds?: number,
  ) {
    super('Some message.');
  }
}

const DAY = 86_400_000;
const fresh = (attempts: number): { attempts: number; since: number } => ({ attempts, since: Date.now() });

describe('decideRetry', () => {
  it.each([0, 1, 2, 3])('doubles the delay with each attempt, after %d of them', (attempts) => {
    expect(decideRetry(new Error('spilt'), fresh(attempts), 0)).toEqual({
      delayMs: 250 * 2 ** attempts,
      attempts: attempts + 1,
    });
  });

  it('fails the job after five attempts, without disclosing the error', () => {
    const decision = decideRetry(new Error('spilt'), fresh(4));
    expect(decision).toMatchObject({ failure: { code: 'job.failed' } });
    expect(JSON.stringify(decision)).not.toContain('spilt');
  });

  it.each(['invalid', 'not-found', 'forbidden', 'internal', 'too-large'] as const)(
    'fails the job at once for an error of the kind %s',
    (kind) => {
      expect(decideRetry(new SomeError(kind), fresh(0))).toEqual({
        failure: { code: 'some.code', detail: 'Some message.' },
      });
    },
  );

  it.each(['unavailable', 'rate-limited', 'deadline', 'storage-full'] as const)(
    'retries for %s without a limit of attempts, not before Retry-After and at most a minute apart',
    (kind) => {
      expect(decideRetry(new SomeError(kind, 30), fresh(0), 0)).toEqual({ delayMs: 30_000, attempts: 1 });
      expect(decideRetry(new SomeError(kind), fresh(100), 0)).toEqual({ delayMs: 60_000, attempts: 101 });
    },
  );

  it('fails the job after a day of temporary errors without a checkpoint', () => {
    const decision = decideRetry(new SomeError('unavailable'), { attempts: 0, since: Date.now() - DAY - 1 });
    expect(decision).toMatchObject({ failure: { code: 'some.code' } });
  });

  it('keeps the field errors of invalid input', () => {
    const errors = [{ location: ['body', 'file', 4, 'price'], type: 'integer', message: 'price must be an integer' }];
    expect(decideRetry(new InvalidInputError(errors), fresh(0))).toMatchObject({ failure: { errors } });
  });

  it('adds a jitter of up to a quarter of the delay', () => {
    expect(decideRetry(new Error('spilt'), fresh(0), 1)).toMatchObject({ delayMs: 312.5 });
  });
});
