import { toResultLine, ResultTable } from '../../src/prediction-jobs/result-table.js';
import { formatResultLine } from '../../src/prediction-jobs/result-lines.js';
import { RowFailure, settle } from '../../src/prediction-jobs/row-outcomes.js';
import { DomainError, InvalidInputError } from '../../src/platform/http/index.js';

const OPTIONS = { columns: ['size', 'value'], labels: [], hasErrors: false };

class UnavailableError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'test.unavailable';
}

const wrong = (): InvalidInputError => new InvalidInputError([{ location: ['body'], type: 'x', message: 'wrong' }]);

describe('the table of a result', () => {
  it('has a column for each label, whatever a row has the most of', () => {
    const lines = [
      { row: 0, label: 'b', index: 1, probabilities: { b: 0.9 } },
      { row: 1, label: 'a', index: 0, probabilities: { a: 0.8 } },
    ];
    const table = new ResultTable({ ...OPTIONS, labels: ['a', 'b'] }, lines[0]);
    expect(table.header()).toBe('size,value,label,probability_a,probability_b\n');
    expect(table.rows([{ size: 1 }, { size: 2, value: 3 }], lines)).toBe('1,,b,,0.9\n2,3,a,0.8,\n');
  });

  it('gives an answer that is called as a column of the input another name', () => {
    const lines = [{ row: 0, value: 5, boxes: [[1, 2]] }];
    const table = new ResultTable(OPTIONS, lines[0]);
    expect(table.header()).toBe('size,value,answer_value,boxes\n');
    expect(table.rows([{ size: [1, 2], value: true }], lines)).toBe('"[1,2]",true,5,"[[1,2]]"\n');
  });

  it('says what was wrong with a row, also where nothing was right with any', () => {
    const lines = [{ row: 0, error: { detail: 'size is required' } }];
    const table = new ResultTable({ ...OPTIONS, hasErrors: true }, undefined);
    expect(table.header() + table.rows([undefined], lines)).toBe('size,value,error\n,,size is required\n');
  });
});

describe('the lines of a result', () => {
  it('are a prediction with its row, or the error', () => {
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

describe('rows that are predicted together', () => {
  const failingOn = (bad: readonly number[], error: () => Error) => {
    return async (items: readonly number[]): Promise<unknown[]> => {
      if (items.some((item) => bad.includes(item))) throw error();
      return items.map((item) => item * 10);
    };
  };

  it('fail alone', async () => {
    const outcomes = await settle([1, 2, 3, 4, 5], failingOn([2, 5], wrong));
    expect(outcomes).toEqual([10, expect.any(RowFailure), 30, 40, expect.any(RowFailure)]);
    expect(await settle([], failingOn([], wrong))).toEqual([]);
  });

  it('fail together of what is the fault of none of them', async () => {
    await expect(
      settle(
        [1, 2, 3],
        failingOn([2], () => new UnavailableError('later')),
      ),
    ).rejects.toThrow('later');
    await expect(
      settle(
        [1, 2, 3],
        failingOn([2], () => new Error('a bug')),
      ),
    ).rejects.toThrow('a bug');
  });
});
