/** The pipeline between a traced program and a device. Every pass can be left out by name. */
import type { Capabilities, Program } from '@attune/ir';
import { canonicalize } from './canonicalize.js';
import { eliminateCommonSubexpressions } from './common-subexpressions.js';
import { eliminateDeadCode } from './dead-code.js';
import { donate } from './donate.js';
import { foldConstants } from './fold.js';
import { fuse } from './fuse.js';
import { legalize } from './legalize.js';
import { narrow } from './narrow.js';
import { unfuse } from './unfuse.js';

export const passNames = [
  'unfuse',
  'narrow',
  'fuse',
  'canonicalize',
  'fold',
  'cse',
  'dce',
  'legalize',
  'rematerialize',
  'donate',
] as const;

export type PassName = (typeof passNames)[number];

export interface PassOptions {
  /** Passes to leave out. Without `legalize` a device refuses what it does not know. */
  readonly disable?: readonly PassName[];
  /** Of rematerialize.ts; off where absent, and then in no bundle. */
  readonly rematerialize?: (program: Program, capabilities: Capabilities) => Program;
  /** Inputs that nobody needs after the run, beside those that the program donates already. */
  readonly donate?: readonly string[];
}

/** One pass by name; `rematerialize` without options changes nothing. */
export function runPass(
  name: PassName,
  program: Program,
  capabilities: Capabilities,
  options: PassOptions = {},
): Program {
  switch (name) {
    case 'unfuse':
      return unfuse(program, capabilities);
    case 'narrow':
      return narrow(program);
    case 'fuse':
      return fuse(program, capabilities);
    case 'canonicalize':
      return canonicalize(program);
    case 'fold':
      return foldConstants(program);
    case 'cse':
      return eliminateCommonSubexpressions(program);
    case 'dce':
      return eliminateDeadCode(program);
    case 'legalize':
      return legalize(program, capabilities);
    case 'rematerialize':
      return options.rematerialize?.(program, capabilities) ?? program;
    case 'donate':
      return donate(program, options.donate);
  }
}

const simplification: readonly PassName[] = ['cse', 'canonicalize', 'fold', 'cse', 'dce'];

/**
 * Decomposes unclaimed fusions, narrows, finds claimed fusions, simplifies, legalizes, simplifies what decompositions
 * brought, then rematerializes and donates.
 * @throws AttuneError `E_UNSUPPORTED_PROGRAM` as `legalize`, `E_PROGRAM` as `donate`
 */
export function runPasses(program: Program, capabilities: Capabilities, options: PassOptions = {}): Program {
  const order: readonly PassName[] = [
    // First, since it leaves the others less than half of a training step.
    'cse',
    'unfuse',
    'narrow',
    'fuse',
    ...simplification,
    'legalize',
    ...simplification,
    'rematerialize',
    'donate',
  ];
  return order
    .filter((name) => !options.disable?.includes(name))
    .reduce((current, name) => runPass(name, current, capabilities, options), program);
}
