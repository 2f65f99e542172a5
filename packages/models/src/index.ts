export type { Architecture, ArchitectureModel, ForwardOptions, SizeRule } from './architecture.js';
export { type LabelRequest, type ProblemType, type ResolvedLabels, resolveLabels } from './labels.js';
export * from './load.js';
export * from './save.js';
