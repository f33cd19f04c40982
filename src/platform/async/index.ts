export { inPieces } from './in-pieces.js';
export { Lanes } from './lanes.js';
export { Rounds } from './rounds.js';
