import { toResultLine, ResultTable } from '../../src/prediction-jobs/result-table.js';
import { formatResultLine } from '../../src/prediction-jobs/result-lines.js';
import { RowFailure, predictIsolatingFailures } from '../../src/prediction-jobs/row-results.js';
import { DomainError, InvalidInputError } from '../../src/platform/http/index.js';

const OPTIONS = { columns: ['size', 'value'], labels: [], hasErrors: false };

class UnavailableError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'test.unavailable';
}

const wrong = (): InvalidInputError => new InvalidInputError([{ location: ['body'], type: 'x', message: 'wrong' }]);

describe('ResultTable', () => {
  it('has a column per label, whichever labels a row returned', () => {
    const lines = [
      { row: 0, label: 'b', index: 1, probabilities: { b: 0.9 } },
      { row: 1, label: 'a', index: 0, probabilities: { a: 0.8 } },
    ];
    const table = new ResultTable({ ...OPTIONS, labels: ['a', 'b'] }, lines[0]);
    expect(table.header()).toBe('size,value,label,probability_a,probability_b\n');
    expect(table.rows([{ size: 1 }, { size: 2, value: 3 }], lines)).toBe('1,,b,,0.9\n2,3,a,0.8,\n');
  });

  it('prefixes a result column that has the name of an input column', () => {
    const lines = [{ row: 0, value: 5, boxes: [[1, 2]] }];
    const table = new ResultTable(OPTIONS, lines[0]);
    expect(table.header()).toBe('size,value,answer_value,boxes\n');
    expect(table.rows([{ size: [1, 2], value: true }], lines)).toBe('"[1,2]",true,5,"[[1,2]]"\n');
  });

  it('has the errors of failed rows, even if all rows failed', () => {
    const lines = [{ row: 0, error: { detail: 'size is required' } }];
    const table = new ResultTable({ ...OPTIONS, hasErrors: true }, undefined);
    expect(table.header() + table.rows([undefined], lines)).toBe('size,value,error\n,,size is required\n');
  });
});

describe('formatResultLine', () => {
  it('writes a prediction or an error with its row', () => {
    expect(formatResultLine(7, { value: 1.5 })).toBe('{"row":7,"value":1.5}\n');
    expect(formatResultLine(8, {})).toBe('{"row":8}\n');
    expect(formatResultLine(9, [1])).toBe('{"row":9,"answer":[1]}\n');
    expect([{ a: 1 }, [1], null].map(toResultLine)).toEqual([{ a: 1 }, { answer: [1] }, { answer: null }]);
    expect(formatResultLine(10, { big: 2n ** 60n })).toBe('{"row":10,"big":1152921504606846976}\n');
    expect(JSON.parse(formatResultLine(11, new RowFailure(wrong())))).toEqual({
      row: 11,
      error: { code: 'request.invalid', detail: 'wrong', errors: wrong().errors },
    });
  });
});

describe('predictIsolatingFailures', () => {
  const failingOn = (bad: readonly number[], error: () => Error) => {
    return async (items: readonly number[]): Promise<unknown[]> => {
      if (items.some((item) => bad.includes(item))) throw error();
      return items.map((item) => item * 10);
    };
  };

  it('fails only the items at fault', async () => {
    const results = await predictIsolatingFailures([1, 2, 3, 4, 5], failingOn([2, 5], wrong));
    expect(results).toEqual([10, expect.any(RowFailure), 30, 40, expect.any(RowFailure)]);
    expect(await predictIsolatingFailures([], failingOn([], wrong))).toEqual([]);
  });

  it('throws an error that no item caused', async () => {
    await expect(
      predictIsolatingFailures(
        [1, 2, 3],
        failingOn([2], () => new UnavailableError('later')),
      ),
    ).rejects.toThrow('later');
    await expect(
      predictIsolatingFailures(
        [1, 2, 3],
        failingOn([2], () => new Error('a bug')),
      ),
    ).rejects.toThrow('a bug');
  });
});
