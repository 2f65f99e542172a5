/**
 * script.ts with all that it imports as one script, so that a worker can begin in any bundle. This file is empty in the
 * sources: what builds, tests or bundles them puts it here by scripts/worker-source.mjs.
 */
export const workerSource: string = '';
