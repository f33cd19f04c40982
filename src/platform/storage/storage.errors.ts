import { DomainError } from '../http/index.js';

/** STORAGE_LIMIT_MB is reached. */
export class StorageFullError extends DomainError {
  readonly kind = 'storage-full';
  readonly code = 'storage.full';

  constructor() {
    super('There is no room for more files. Remove jobs that you no longer need, or try again later.');
  }
}

export class StoredFileGoneError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'storage.file-gone';

  constructor() {
    super('The file is no longer there. Upload it again.');
  }
}
