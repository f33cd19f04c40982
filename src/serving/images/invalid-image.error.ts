/** The file is not an acceptable image. The message continues a sentence that begins with the name of the file. */
export class InvalidImageError extends Error {}

export const UNDECODABLE = 'is damaged: it could not be decoded as a whole';
