/** How every primitive is computed. A missing one does not compile. */
import type { PrimitiveName } from '@attune/ir';
import {
  arithmetic,
  bitwise,
  calls,
  comparison,
  conversion,
  extreme,
  logicalNot,
  negation,
  power,
  selection,
} from './elementwise.js';
import { iota, randomBits } from './generators.js';
import type { Rule, RuleOf } from './rule.js';
import { broadcast, concat, gather, pad, reshape, reverse, slice, transpose } from './views.js';

const kernel = { kind: 'kernel' } as const;

const view = <Attributes>(express: Extract<Rule<Attributes>, { kind: 'view' }>['express']): Rule<Attributes> => ({
  kind: 'view',
  express,
});

export const rules: { readonly [Name in PrimitiveName]: RuleOf<Name> } = {
  abs: calls('abs'),
  add: arithmetic('+'),
  and: bitwise('&'),
  argmax: kernel,
  broadcast: view(broadcast),
  cast: conversion,
  compare: comparison,
  concat: view(concat),
  cos: calls('cos_f32', 12),
  cumsum: kernel,
  div: arithmetic('/', 2),
  dot_general: kernel,
  erf: calls('erf', 16),
  exp: calls('exp', 4),
  floor: calls('floor'),
  gather: view(gather),
  iota: { kind: 'generator', express: iota, cost: 1 },
  is_finite: calls('is_finite', 2),
  log: calls('log', 4),
  logistic: calls('logistic', 8),
  max: extreme('max'),
  min: extreme('min'),
  mul: arithmetic('*'),
  neg: negation,
  not: logicalNot,
  or: bitwise('|'),
  pad: view(pad),
  pow: power,
  random_bits: { kind: 'generator', express: randomBits, cost: 14 },
  reduce_max: kernel,
  reduce_min: kernel,
  reduce_sum: kernel,
  rem: arithmetic('%', 3),
  reshape: view(reshape),
  reverse: view(reverse),
  rsqrt: calls('inverseSqrt', 2),
  scatter_add: kernel,
  select: selection,
  shift_left: arithmetic('<<'),
  shift_right: arithmetic('>>'),
  sign: calls('sign'),
  sin: calls('sin_f32', 12),
  slice: view(slice),
  sort: kernel,
  sqrt: calls('sqrt', 2),
  sub: arithmetic('-'),
  tanh: calls('tanh_f32', 12),
  transpose: view(transpose),
  xor: bitwise('^'),
};
