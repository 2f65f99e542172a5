/** The list of all tasks, for files that load it when they need it: a page that asks for one task downloads no other. */
export { tasks } from '@attune/tasks';
export { taskNamed } from '@attune/tasks/internal';
