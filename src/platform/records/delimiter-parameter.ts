import { Field } from '../http/index.js';
import { DELIMITERS } from './csv-dialect.js';
import type { Delimiter } from './record.js';

/** How a tab is written in a URL. */
const TAB_NAMES: readonly unknown[] = ['tab', '\\t'];

/** The query parameter `delimiter`. Validation converts it to the character. */
export function DelimiterParameter(): PropertyDecorator {
  return Field({
    name: 'choice',
    optional: true,
    description:
      'What separates the columns of CSV. Default: found in its header, or named by a first line such as `sep=;`',
    schema: { type: 'string', enum: [',', ';', '|', 'tab', '\\t'] },
    expected: 'one of , ; | tab, given once',
    accepts: (value) => DELIMITERS.includes(value as Delimiter),
    convert: (value) => (TAB_NAMES.includes(value) ? '\t' : value),
  });
}
