import { applyDecorators } from '@nestjs/common';
import { isEmail, ValidateBy, type ValidationArguments } from 'class-validator';
import { Field, hasLength } from '../../platform/http/index.js';
import { WEAK_PASSWORD_MESSAGE, isWeakPassword } from '../members/weak-passwords.js';

/** Longest address by RFC 5321. */
const MAX_EMAIL = 254;
const MIN_PASSWORD = 8;
const MAX_PASSWORD = 1_024;

/** The same in all examples, so that they work one after another. */
const EXAMPLE = { email: 'barista@cafe.example', password: 'a flat white, please' };

/** An e-mail address; surrounding white space is trimmed. */
export function EmailField(): PropertyDecorator {
  return Field({
    name: 'email',
    schema: { type: 'string', format: 'email', maxLength: MAX_EMAIL, example: EXAMPLE.email },
    expected: `an e-mail address of at most ${MAX_EMAIL} characters`,
    // The length first: `isEmail` may be slow on long texts.
    accepts: (value) => typeof value === 'string' && hasLength(value, 1, MAX_EMAIL) && isEmail(value),
    convert: (value) => (typeof value === 'string' ? value.trim() : value),
  });
}

/**
 * A new password: any characters, counted as code points and all significant. Rejects weak passwords, with respect to the
 * `email` in the same body if there is one.
 */
export function NewPasswordField(
  description = 'Any characters, but no common password; 15 or more are recommended',
): PropertyDecorator {
  const validate = (value: unknown, args?: ValidationArguments): boolean => {
    const { email } = (args?.object ?? {}) as { email?: unknown };
    return !isPassword(value, MIN_PASSWORD) || !isWeakPassword(value, typeof email === 'string' ? email : '');
  };
  const defaultMessage = (args?: ValidationArguments): string =>
    `${args?.property ?? 'The password'} ${WEAK_PASSWORD_MESSAGE}`;
  return applyDecorators(
    passwordField(MIN_PASSWORD, description),
    ValidateBy({ name: 'common', validator: { validate, defaultMessage } }),
  );
}

/** A password to verify. A short one is wrong, not invalid. */
export function PasswordField(): PropertyDecorator {
  return passwordField(1);
}

function passwordField(minLength: number, description?: string): PropertyDecorator {
  return Field({
    name: 'text',
    description,
    schema: { type: 'string', format: 'password', minLength, maxLength: MAX_PASSWORD, example: EXAMPLE.password },
    expected: `text of ${minLength} to ${MAX_PASSWORD} characters`,
    accepts: (value) => isPassword(value, minLength),
  });
}

function isPassword(value: unknown, minLength: number): value is string {
  return typeof value === 'string' && hasLength(value, minLength, MAX_PASSWORD);
}
