export type { Architecture, ArchitectureModel, ForwardOptions } from './architecture.js';
export * from './load.js';
