export { inPieces } from './in-pieces.js';
