/** The part of class-transformer's metadata storage that is used here. The package has no types for this file. */
declare module 'class-transformer/cjs/storage.js' {
  interface Storage {
    getStrategy(type: object): 'excludeAll' | 'exposeAll' | 'none';
    findTransformMetadatas(type: object, property: string, direction: number): readonly object[];
    findTypeMetadata(type: object, property: string): object | undefined;
    findExposeMetadata(type: object, property: string): object | undefined;
    findExcludeMetadata(type: object, property: string): object | undefined;
  }
  export const defaultMetadataStorage: Storage;
}
