import { InvalidInputError } from '../errors/domain-error.js';

/** For a form that accepts only the field `file`. */
export function unknownField(field: string): InvalidInputError {
  return invalidField(field, 'unknown', `${field} is not a known field; known: file`);
}

export function missingFile(): InvalidInputError {
  return invalidField('file', 'missing', 'file is required: send the file as the field "file" of a form');
}

export function duplicateField(field: string): InvalidInputError {
  return invalidField(field, 'duplicate', `${field} must be given once`);
}

function invalidField(field: string, type: string, message: string): InvalidInputError {
  return new InvalidInputError([{ location: ['body', field], type, message }]);
}
