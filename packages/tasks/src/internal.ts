/** What sister packages need beside the public entry; it may change in any version. */
export { defaultTask, taskNamed, trainedTaskNames, trainedTasks } from './list.js';
export { defaultLengthFor } from './task.js';
