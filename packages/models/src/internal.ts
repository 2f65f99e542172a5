/** What sister packages need beside the public entry; it may change in any version. */
export { requireAdapterBase } from './adapter-base.js';
export { type AttuneFile, readAttuneFile, writeAttuneFile } from './attune-file.js';
export { modelTypes } from './families.js';
export { quantizations } from './quantizations.js';
