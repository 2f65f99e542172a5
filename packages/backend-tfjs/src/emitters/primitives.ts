/** The emitter of every primitive. A missing one does not compile. */
import type { PrimitiveName } from '@attune/ir/internal';
import { emitDotGeneral } from './dot-general.js';
import { emitDynamicSlice, emitDynamicUpdateSlice } from './dynamic-slices.js';
import { binary, emitCompare, emitRem, emitSign, extreme, floatsOnly, unary } from './elementwise.js';
import type { Emitter } from './emitter.js';
import { emitOnHost } from './host.js';
import { emitGather, emitScatterAdd } from './indexing.js';
import { emitRandomBits } from './random.js';
import { emitArgmax, emitCumsum, emitSort, reduction } from './reductions.js';
import { emitSelect } from './select.js';
import {
  emitBroadcast,
  emitCast,
  emitConcat,
  emitIota,
  emitPad,
  emitReshape,
  emitReverse,
  emitSlice,
  emitStopGradient,
  emitTranspose,
} from './shapes.js';

export const primitiveEmitters: { readonly [Name in PrimitiveName]: Emitter<Name> } = {
  abs: unary('Abs'),
  add: binary('Add'),
  and: binary('LogicalAnd'),
  argmax: emitArgmax,
  broadcast: emitBroadcast,
  cast: emitCast,
  compare: emitCompare,
  concat: emitConcat,
  cos: unary('Cos'),
  cumsum: emitCumsum,
  div: floatsOnly(binary('RealDiv')),
  dot_general: emitDotGeneral,
  dynamic_slice: emitDynamicSlice,
  dynamic_update_slice: emitDynamicUpdateSlice,
  erf: unary('Erf'),
  exp: unary('Exp'),
  floor: unary('Floor'),
  gather: emitGather,
  iota: emitIota,
  is_finite: unary('IsFinite'),
  log: unary('Log'),
  logistic: unary('Sigmoid'),
  max: extreme('Maximum'),
  min: extreme('Minimum'),
  mul: binary('Multiply'),
  neg: unary('Neg'),
  not: unary('LogicalNot'),
  or: binary('LogicalOr'),
  pad: emitPad,
  pow: floatsOnly(binary('Pow')),
  random_bits: emitRandomBits,
  reduce_max: reduction('Max', 'reductionIndices'),
  reduce_min: reduction('Min', 'axis'),
  reduce_sum: reduction('Sum', 'axis'),
  rem: floatsOnly(emitRem),
  reshape: emitReshape,
  reverse: emitReverse,
  rsqrt: unary('Rsqrt'),
  scatter_add: emitScatterAdd,
  select: emitSelect,
  // Words are u32, which the host has.
  shift_left: emitOnHost,
  shift_right: emitOnHost,
  sign: emitSign,
  sin: unary('Sin'),
  slice: emitSlice,
  sort: emitSort,
  sqrt: unary('Sqrt'),
  stop_gradient: emitStopGradient,
  sub: binary('Sub'),
  tanh: unary('Tanh'),
  transpose: emitTranspose,
  xor: binary('NotEqual'),
};
