export type { Architecture, ArchitectureModel, ForwardOptions, SizeRule } from './architecture.js';
export { type AttuneFile, readAttuneFile, writeAttuneFile } from './attune-file.js';
export { type LabelRequest, type ProblemType, type ResolvedLabels, resolveLabels } from './labels.js';
export * from './load.js';
export { parametersOf } from './parameters.js';
export * from './save.js';
export * from './sequence-classification.js';
