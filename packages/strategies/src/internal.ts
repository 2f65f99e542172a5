/** What sister packages need beside the public entry; it may change in any version. */
export { labelCountOf } from './adapters/label-count.js';
export { combinationTypes, majoritySignMethods } from './combine-adapters.js';
export { noisy } from './neftune.js';
export { towardStart, towardZero } from './weight-anchors.js';
