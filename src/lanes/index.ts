export { type LaneRules, Lanes } from './lanes.js';
