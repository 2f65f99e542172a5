import type { Plugin } from 'esbuild';
import type { Options } from 'tsup';

export function library(options?: {
  entries?: readonly string[];
  browserEntries?: readonly string[];
  esbuildPlugins?: Plugin[];
}): Options;
