import { Transform } from 'class-transformer';
import { IsInt } from 'class-validator';
import fc from 'fast-check';
import {
  ChoiceField,
  InstantField,
  IntegerField,
  IntegerParameter,
  TextField,
  validateAs,
} from '../../../src/platform/http/index.js';
import { acceptAs } from '../../../src/platform/http/validation/field-checks.js';

class OrderDto {
  @TextField({ maxLength: 8 })
  name!: string;

  @IntegerField({ min: 0, max: 10, optional: true })
  cups?: number;

  @ChoiceField(['here', 'to go'], { optional: true })
  where = 'here';

  @InstantField({ example: '2030-01-01T00:00:00Z', within: 'any', accepts: () => true, optional: true })
  at?: Date;

  @IntegerParameter({ min: 1, max: 99, optional: true })
  table?: number;
}

class WithMore {
  @IntegerField({ min: 0, max: 10 })
  @IsInt()
  cups!: number;
}

class WithTransform {
  @TextField({ maxLength: 8 })
  @Transform(({ value }: { value: string }) => `${value}!`)
  name!: string;
}

class Derived extends OrderDto {}

const values = fc.oneof(
  fc.constantFrom('here', 'to go', ' a ', 'Latte', '', '\0', '\ud800', '7', '007', '2030-01-01T00:00:00Z', '1e3'),
  fc.integer({ min: -2, max: 12 }),
  fc.constantFrom<unknown>(null, true, 0.5, [], ['Latte'], {}, { a: 1 }, NaN),
);
const oftenRight = (...right: unknown[]) => fc.oneof({ arbitrary: fc.constantFrom(...right), weight: 6 }, values);
const parts = {
  name: oftenRight('Latte', ' a '),
  cups: oftenRight(0, 7, 10),
  where: oftenRight('here', 'to go'),
  at: oftenRight('2030-01-01T00:00:00Z'),
  table: oftenRight('7', 12),
};
const strange = fc.dictionary(fc.constantFrom('more', '__proto__', 'constructor', 'toString'), values, { maxKeys: 1 });
const bodies = fc.tuple(fc.record(parts, { requiredKeys: [] }), fc.oneof(fc.constant({}), fc.constant({}), strange));
/** Parsed by JSON.parse, so that "__proto__" is an own property. */
const jsonOf = ([own, more]: object[]) => JSON.parse(JSON.stringify({ ...own, ...more })) as object;

describe('acceptAs', () => {
  it('returns the result of validateAs, or undefined', async () => {
    let accepted = 0;
    const property = fc.asyncProperty(bodies, async (given) => {
      const body = jsonOf(given);
      const quick = acceptAs(OrderDto, body);
      const thorough = await validateAs(OrderDto, body, ['body']).catch(() => undefined);
      if (quick) accepted += 1;
      expect(quick).toEqual(quick && thorough);
      expect(quick ?? thorough).toEqual(thorough);
      // The fast path must accept every valid value without nested values.
      expect(quick === undefined).toBe(thorough === undefined);
    });
    await fc.assert(property, { numRuns: 3_000 });
    expect(accepted).toBeGreaterThan(200);
  });

  it.each([WithMore, WithTransform, Derived])(
    'returns undefined for the class %p, which has rules beyond its registered checks',
    (type) => {
      expect(acceptAs<object>(type, { name: 'a', cups: 1 })).toBeUndefined();
      expect(acceptAs<object>(type, { cups: 1 })).toBeUndefined();
      expect(acceptAs<object>(type, { name: 'a' })).toBeUndefined();
    },
  );

  it.each([undefined, null, 1, 'a', []])('returns undefined for the value %p', (value) => {
    expect(acceptAs(OrderDto, value)).toBeUndefined();
  });
});
