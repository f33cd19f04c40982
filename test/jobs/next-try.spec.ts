import { DomainError, type DomainErrorKind, InvalidInputError } from '../../src/platform/http/index.js';
import { judge } from '../../src/jobs/runner/next-try.js';

class SomeError extends DomainError {
  readonly code = 'some.code';

  constructor(
    readonly kind: DomainErrorKind,
    override readonly retryAfterSeconds?: number,
  ) {
    super('Some words.');
  }
}

const DAY = 86_400_000;
const fresh = (attempts: number): { attempts: number; since: number } => ({ attempts, since: Date.now() });

describe('what follows when a job throws', () => {
  it.each([0, 1, 2, 3])('is twice the delay after %d attempts', (attempts) => {
    expect(judge(new Error('spilt'), fresh(attempts), 0)).toEqual({
      delayMs: 250 * 2 ** attempts,
      attempts: attempts + 1,
    });
  });

  it('is failure after five attempts, without its words', () => {
    const verdict = judge(new Error('spilt'), fresh(4));
    expect(verdict).toMatchObject({ failure: { code: 'job.failed' } });
    expect(JSON.stringify(verdict)).not.toContain('spilt');
  });

  it.each(['invalid', 'not-found', 'forbidden', 'internal', 'too-large'] as const)('is failure for %s', (kind) => {
    expect(judge(new SomeError(kind), fresh(0))).toEqual({ failure: { code: 'some.code', detail: 'Some words.' } });
  });

  it.each(['unavailable', 'rate-limited', 'deadline', 'storage-full'] as const)(
    'is another attempt for %s, not before it asks for, and not in a minute',
    (kind) => {
      expect(judge(new SomeError(kind, 30), fresh(0), 0)).toEqual({ delayMs: 30_000, attempts: 1 });
      expect(judge(new SomeError(kind), fresh(100), 0)).toEqual({ delayMs: 60_000, attempts: 101 });
    },
  );

  it('is failure where nothing was saved for a day', () => {
    const verdict = judge(new SomeError('unavailable'), { attempts: 0, since: Date.now() - DAY - 1 });
    expect(verdict).toMatchObject({ failure: { code: 'some.code' } });
  });

  it('names each field that is wrong', () => {
    const errors = [{ location: ['body', 'file', 4, 'price'], type: 'integer', message: 'price must be an integer' }];
    expect(judge(new InvalidInputError(errors), fresh(0))).toMatchObject({ failure: { errors } });
  });

  it('comes up to a quarter later, so that not all come back at once', () => {
    expect(judge(new Error('spilt'), fresh(0), 1)).toMatchObject({ delayMs: 312.5 });
  });
});
