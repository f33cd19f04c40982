export { FileStore, type StoredFile } from './file-store.js';
export { StorageFullError, StoredFileGoneError } from './storage.errors.js';
export { StorageModule } from './storage.module.js';
