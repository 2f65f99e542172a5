/** A pattern as instructions for the simulation (Thompson 1968), with repetitions written out. */
import { type CharacterTest, type PatternNode, PatternProblem, type Place } from './syntax.js';

type Instruction =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | { readonly kind: 'place'; readonly place: Place }
  /** Goes on at several instructions, the first one preferred. */
  | { readonly kind: 'fork'; readonly targets: number[] }
  /** Notes the position, as the start or the end of a named group. */
  | { readonly kind: 'note'; readonly slot: number }
  | { readonly kind: 'accept' };

export interface Automaton {
  readonly instructions: readonly Instruction[];
  /** The slot of each named group's start; its end is the next one. */
  readonly groups: ReadonlyMap<string, number>;
}

const MAX_INSTRUCTIONS = 5_000;

/** @throws PatternProblem if the repetitions make the pattern too large */
export function automatonOf(node: PatternNode): Automaton {
  if (sizeOf(node) > MAX_INSTRUCTIONS) {
    throw new PatternProblem(`repeats so much that it takes more than ${MAX_INSTRUCTIONS} steps`, true);
  }
  const instructions: Instruction[] = [];
  const groups = new Map<string, number>();
  emit(node, instructions, groups);
  instructions.push({ kind: 'accept' });
  return { instructions, groups };
}

/** An upper bound of the instructions. */
function sizeOf(node: PatternNode): number {
  switch (node.kind) {
    case 'character':
    case 'place':
      return 1;
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + sizeOf(part), 0);
    case 'either':
      return node.options.reduce((sum, option) => sum + sizeOf(option) + 2, 1);
    case 'group':
      return sizeOf(node.inner) + 2;
    case 'repeat':
      return (sizeOf(node.inner) + 2) * copiesOf(node.least, node.most) + 1;
  }
}

const copiesOf = (least: number, most: number): number => (Number.isFinite(most) ? most : least + 1);

function emit(node: PatternNode, out: Instruction[], groups: Map<string, number>): void {
  switch (node.kind) {
    case 'character':
    case 'place':
      out.push(node);
      return;
    case 'sequence':
      for (const part of node.parts) emit(part, out, groups);
      return;
    case 'either':
      emitEither(node.options, out, groups);
      return;
    case 'group':
      emitGroup(node.name, node.inner, out, groups);
      return;
    case 'repeat':
      for (let copy = 0; copy < node.least; copy++) emit(node.inner, out, groups);
      if (Number.isFinite(node.most)) emitOptional(node, out, groups);
      else emitLoop(node, out, groups);
  }
}

function emitEither(options: readonly PatternNode[], out: Instruction[], groups: Map<string, number>): void {
  const starts: number[] = [];
  const ends: number[][] = [];
  out.push({ kind: 'fork', targets: starts });
  for (const option of options) {
    starts.push(out.length);
    emit(option, out, groups);
    const end: number[] = [];
    ends.push(end);
    out.push({ kind: 'fork', targets: end });
  }
  for (const end of ends) end.push(out.length);
}

function emitGroup(
  name: string | undefined,
  inner: PatternNode,
  out: Instruction[],
  groups: Map<string, number>,
): void {
  if (name === undefined) {
    emit(inner, out, groups);
    return;
  }
  const slot = groups.get(name) ?? groups.size * 2;
  groups.set(name, slot);
  out.push({ kind: 'note', slot });
  emit(inner, out, groups);
  out.push({ kind: 'note', slot: slot + 1 });
}

type Repeat = Extract<PatternNode, { kind: 'repeat' }>;

/** Up to `most - least` more of it. */
function emitOptional({ inner, least, most, isLazy }: Repeat, out: Instruction[], groups: Map<string, number>): void {
  const forks: number[][] = [];
  for (let copy = least; copy < most; copy++) {
    const targets: number[] = [out.length + 1];
    forks.push(targets);
    out.push({ kind: 'fork', targets });
    emit(inner, out, groups);
  }
  for (const targets of forks) addExit(targets, out.length, isLazy);
}

function emitLoop({ inner, isLazy }: Repeat, out: Instruction[], groups: Map<string, number>): void {
  const start = out.length;
  const targets: number[] = [start + 1];
  out.push({ kind: 'fork', targets });
  emit(inner, out, groups);
  out.push({ kind: 'fork', targets: [start] });
  addExit(targets, out.length, isLazy);
}

function addExit(targets: number[], exit: number, isLazy: boolean): void {
  if (isLazy) targets.unshift(exit);
  else targets.push(exit);
}
