import type { Program } from '@attune/ir';
import { arithmeticRules } from './arithmetic-rules.js';
import { eliminateDeadCode } from './dead-code.js';
import { layoutRules } from './layout-rules.js';
import { rewriteProgram } from './rewriter.js';

const rules = { ...arithmeticRules, ...layoutRules };

/** Removes ops that do nothing and joins chains; see arithmetic-rules.ts and layout-rules.ts. */
export const canonicalize = (program: Program): Program => eliminateDeadCode(rewriteProgram(program, rules));
