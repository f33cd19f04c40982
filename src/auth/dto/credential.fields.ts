import { isEmail } from 'class-validator';
import { Field, hasLength } from '../../http/index.js';

/** RFC 5321 leaves an address no more than this. */
const MAX_EMAIL = 254;
const MIN_PASSWORD = 8;
const MAX_PASSWORD = 1_024;

/** The same in every example, so that they work one after another. */
const EXAMPLE = { email: 'barista@cafe.example', password: 'a flat white, please' };

/** An e-mail address, without white space around it. */
export function EmailField(): PropertyDecorator {
  return Field({
    name: 'email',
    schema: { type: 'string', format: 'email', maxLength: MAX_EMAIL, example: EXAMPLE.email },
    expected: `an e-mail address of at most ${MAX_EMAIL} characters`,
    // The length first: what comes after it need not be fast on long texts.
    accepts: (value) => typeof value === 'string' && hasLength(value, 1, MAX_EMAIL) && isEmail(value),
    convert: (value) => (typeof value === 'string' ? value.trim() : value),
  });
}

/** A password to be set: any characters, counted as code points, every one of which matters. */
export function NewPasswordField(description = 'Any characters; 15 or more are recommended'): PropertyDecorator {
  return passwordField(MIN_PASSWORD, description);
}

/** A password to be checked. A short one is wrong, not invalid. */
export function PasswordField(): PropertyDecorator {
  return passwordField(1);
}

function passwordField(minLength: number, description?: string): PropertyDecorator {
  return Field({
    name: 'text',
    description,
    schema: { type: 'string', format: 'password', minLength, maxLength: MAX_PASSWORD, example: EXAMPLE.password },
    expected: `text of ${minLength} to ${MAX_PASSWORD} characters`,
    accepts: (value) => typeof value === 'string' && hasLength(value, minLength, MAX_PASSWORD),
  });
}
