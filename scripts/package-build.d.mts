import type { Plugin } from 'esbuild';
import type { Options } from 'tsup';

export function bundled(entry: Options['entry']): Options;
export function library(options?: { entries?: readonly string[]; esbuildPlugins?: Plugin[] }): Options;
