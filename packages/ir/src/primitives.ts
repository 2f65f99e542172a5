/** The closed set of ops that every backend implements. */

import type { PrimitiveDefinition } from './definition.js';
import { absDefinition } from './primitives/abs.js';
import { addDefinition } from './primitives/add.js';
import { andDefinition } from './primitives/and.js';
import { argmaxDefinition } from './primitives/argmax.js';
import { broadcastDefinition } from './primitives/broadcast.js';
import { castDefinition } from './primitives/cast.js';
import { compareDefinition } from './primitives/compare.js';
import { concatDefinition } from './primitives/concat.js';
import { cosDefinition } from './primitives/cos.js';
import { cumsumDefinition } from './primitives/cumsum.js';
import { divDefinition } from './primitives/div.js';
import { dotGeneralDefinition } from './primitives/dot-general.js';
import { dynamicSliceDefinition } from './primitives/dynamic-slice.js';
import { dynamicUpdateSliceDefinition } from './primitives/dynamic-update-slice.js';
import { erfDefinition } from './primitives/erf.js';
import { expDefinition } from './primitives/exp.js';
import { floorDefinition } from './primitives/floor.js';
import { gatherDefinition } from './primitives/gather.js';
import { iotaDefinition } from './primitives/iota.js';
import { isFiniteDefinition } from './primitives/is-finite.js';
import { logDefinition } from './primitives/log.js';
import { logisticDefinition } from './primitives/logistic.js';
import { maxDefinition } from './primitives/max.js';
import { minDefinition } from './primitives/min.js';
import { mulDefinition } from './primitives/mul.js';
import { negDefinition } from './primitives/neg.js';
import { notDefinition } from './primitives/not.js';
import { orDefinition } from './primitives/or.js';
import { padDefinition } from './primitives/pad.js';
import { powDefinition } from './primitives/pow.js';
import { randomBitsDefinition } from './primitives/random-bits.js';
import { reduceMaxDefinition } from './primitives/reduce-max.js';
import { reduceMinDefinition } from './primitives/reduce-min.js';
import { reduceSumDefinition } from './primitives/reduce-sum.js';
import { remDefinition } from './primitives/rem.js';
import { reshapeDefinition } from './primitives/reshape.js';
import { reverseDefinition } from './primitives/reverse.js';
import { rsqrtDefinition } from './primitives/rsqrt.js';
import { scatterAddDefinition } from './primitives/scatter-add.js';
import { selectDefinition } from './primitives/select.js';
import { shiftLeftDefinition } from './primitives/shift-left.js';
import { shiftRightDefinition } from './primitives/shift-right.js';
import { signDefinition } from './primitives/sign.js';
import { sinDefinition } from './primitives/sin.js';
import { sliceDefinition } from './primitives/slice.js';
import { sortDefinition } from './primitives/sort.js';
import { sqrtDefinition } from './primitives/sqrt.js';
import { stopGradientDefinition } from './primitives/stop-gradient.js';
import { subDefinition } from './primitives/sub.js';
import { tanhDefinition } from './primitives/tanh.js';
import { transposeDefinition } from './primitives/transpose.js';
import { xorDefinition } from './primitives/xor.js';

export const primitives = {
  abs: absDefinition,
  add: addDefinition,
  and: andDefinition,
  argmax: argmaxDefinition,
  broadcast: broadcastDefinition,
  cast: castDefinition,
  compare: compareDefinition,
  concat: concatDefinition,
  cos: cosDefinition,
  cumsum: cumsumDefinition,
  div: divDefinition,
  dot_general: dotGeneralDefinition,
  dynamic_slice: dynamicSliceDefinition,
  dynamic_update_slice: dynamicUpdateSliceDefinition,
  erf: erfDefinition,
  exp: expDefinition,
  floor: floorDefinition,
  gather: gatherDefinition,
  iota: iotaDefinition,
  is_finite: isFiniteDefinition,
  log: logDefinition,
  logistic: logisticDefinition,
  max: maxDefinition,
  min: minDefinition,
  mul: mulDefinition,
  neg: negDefinition,
  not: notDefinition,
  or: orDefinition,
  pad: padDefinition,
  pow: powDefinition,
  random_bits: randomBitsDefinition,
  reduce_max: reduceMaxDefinition,
  reduce_min: reduceMinDefinition,
  reduce_sum: reduceSumDefinition,
  rem: remDefinition,
  reshape: reshapeDefinition,
  reverse: reverseDefinition,
  rsqrt: rsqrtDefinition,
  scatter_add: scatterAddDefinition,
  select: selectDefinition,
  shift_left: shiftLeftDefinition,
  shift_right: shiftRightDefinition,
  sign: signDefinition,
  sin: sinDefinition,
  slice: sliceDefinition,
  sort: sortDefinition,
  sqrt: sqrtDefinition,
  stop_gradient: stopGradientDefinition,
  sub: subDefinition,
  tanh: tanhDefinition,
  transpose: transposeDefinition,
  xor: xorDefinition,
} as const satisfies Readonly<Record<string, PrimitiveDefinition>>;

export type PrimitiveName = keyof typeof primitives;

/** The attributes of a primitive, by its name. */
export type AttributesOf<Name extends PrimitiveName> = Parameters<(typeof primitives)[Name]['infer']>[1];
