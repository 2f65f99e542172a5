/** What sister packages need beside the public entry; it may change in any version. */

export { type TextPlace, tokensIn } from './chat/answer-mask.js';
export { packRows, positionIds } from './chat/pack-rows.js';
export { skippedWarnings } from './encode-examples.js';
export { encodeLabelled, encodeMultiLabel, encodeRegression, regressionLabels } from './labelled-texts.js';
export { sharedRowWarnings } from './shared-rows.js';
export { labelSentences } from './tag-labels.js';
export { readText } from './text.js';
export { classLabels, labelTexts, severalLabels, type TextLabels } from './text-labels.js';
export { tokenStream } from './token-stream.js';
export { tokenizedDataset, tokenLabels } from './tokenized.js';
