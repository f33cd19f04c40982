export { FileStore, type StoredFile } from './file-store.js';
export { StorageModule } from './storage.module.js';
