import { loadAdvice } from '../../../src/serving/graph/load-advice.js';

describe('loadAdvice', () => {
  it('says which columns to export for a file that mixes numbers of 32 and of 64 bits', () => {
    const message =
      'Type Error: Type (tensor(float)) of output arg (p) of node () does not match expected type (tensor(double)).';
    expect(loadAdvice(message)).toMatch(/decimal columns of float32/);
  });

  it('names the locale that the machine does not have', () => {
    expect(loadAdvice('Failed to construct locale with name:xx_YY')).toMatch(/the locale xx_YY/);
  });

  it('has no advice on other messages', () => {
    expect(loadAdvice('Protobuf parsing failed')).toBeUndefined();
  });
});
