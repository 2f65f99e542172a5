/** What sister packages need beside the public entry; it may change in any version. */
export { templateOf, writerOptions } from './causal-language-modeling.js';
export { encodeInstructions } from './instructions/encode-instructions.js';
export { instructionQuestions } from './instructions/questions.js';
export { defaultTask, taskNamed, trainedTaskNames, trainedTasks } from './list.js';
export { defaultLengthFor } from './task.js';
