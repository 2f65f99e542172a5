/** Where an output directory holds the merged base of its adapter. */
export const MERGED_BASE = 'base';
