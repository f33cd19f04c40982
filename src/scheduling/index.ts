export { Lanes } from './lanes.js';
export { Rounds } from './rounds.js';
