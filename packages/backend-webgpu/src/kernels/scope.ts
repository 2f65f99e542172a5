/** Statements of WGSL that compute scalars; each scalar is computed once in a scope and those inside it. */
import type { ValueId } from '@attune/ir';
import { type Index, isLeading, keyOf } from '../expressions/index-expression.js';
import { type Condition, indicesOf, operandsOf, type Scalar } from '../expressions/scalar.js';
import { readsParameter } from '../schedule/task.js';
import { registerType } from '../wgsl/format.js';
import { literal } from '../wgsl/literals.js';
import type { Shader } from './shader.js';

/** What stands for a value that the kernel itself makes, where it is read: its scalar here, or a variable that has it. */
export type Resolve = (value: ValueId) => Scalar | string | undefined;

export class Scope {
  readonly #shader: Shader;
  readonly #resolve: Resolve;
  readonly #parent: Scope | undefined;
  /** The variable of the loop that the scope is the body of. */
  readonly #loop: string | undefined;
  readonly #varies = new Map<number, boolean>();
  readonly #names = new Map<string, string>();
  readonly #lines: string[] = [];

  constructor(shader: Shader, resolve: Resolve, parent?: Scope, loop?: string) {
    this.#shader = shader;
    this.#resolve = resolve;
    this.#parent = parent;
    this.#loop = loop;
  }

  /**
   * A scope inside this one, whose scalars are not seen outside.
   * @param loop the variable of the loop that it is the body of: what does not depend on it is computed before
   */
  inner(loop?: string): Scope {
    return new Scope(this.#shader, this.#resolve, this, loop);
  }

  add(...lines: readonly string[]): void {
    this.#lines.push(...lines);
  }

  /** Adds a block, such as a loop, whose lines are those of an inner scope. */
  block(head: string, body: Scope): void {
    this.#lines.push(`${head} {`, ...body.#lines.map((line) => `  ${line}`), '}');
  }

  /** The lines as the body of a function. */
  toString(): string {
    return this.#lines.map((line) => `  ${line}`).join('\n');
  }

  /** A scalar as an identifier or a literal. */
  scalar(scalar: Scalar): string {
    if (scalar.kind === 'literal') return literal(scalar.number, scalar.dtype);
    if (this.#parent && this.#loop !== undefined && !this.#variesWith(scalar, this.#loop)) {
      return this.#parent.scalar(scalar);
    }
    return this.#named(`${scalar.id}`, 'x', () => this.#text(scalar));
  }

  /** An index as an identifier or a literal. */
  index(index: Index): string {
    const { terms, constant } = index;
    if (terms.length === 0) return `${constant}u`;
    const text = this.indexText(index);
    return /^\w+$/.test(text) ? text : this.#named(keyOf(index), 'at', () => text);
  }

  /** An index as an expression of u32. Whatever is subtracted comes last, so that nothing wraps around before. */
  indexText({ constant, terms }: Index): string {
    const added = terms
      .filter(({ factor }) => factor > 0)
      .map(({ digit, factor }) => times(this.#digit(digit), factor));
    const taken = terms
      .filter(({ factor }) => factor < 0)
      .map(({ digit, factor }) => times(this.#digit(digit), -factor));
    if (constant > 0 || added.length === 0) added.push(`${Math.max(constant, 0)}u`);
    if (constant < 0) taken.push(`${-constant}u`);
    return [added.join(' + '), ...taken].join(' - ');
  }

  #variesWith(scalar: Scalar, loop: string): boolean {
    const known = this.#varies.get(scalar.id);
    if (known !== undefined) return known;
    const own = scalar.kind === 'read' ? this.#resolve(scalar.value) : undefined;
    const varies =
      typeof own === 'string'
        ? false
        : own
          ? this.#variesWith(own, loop)
          : indicesOf(scalar).some((index) => isIndexedBy(index, loop)) ||
            operandsOf(scalar).some((operand) => this.#variesWith(operand, loop));
    this.#varies.set(scalar.id, varies);
    return varies;
  }

  #digit(digit: Index['terms'][number]['digit']): string {
    const { source, divisor, size } = digit;
    const whole = this.#source(source);
    const quotient = divisor === 1 ? whole : `${whole} / ${divisor}u`;
    if (isLeading(digit)) return divisor === 1 ? whole : `(${quotient})`;
    return divisor === 1 ? `(${whole} % ${size}u)` : `((${quotient}) % ${size}u)`;
  }

  #source(source: Index['terms'][number]['digit']['source']): string {
    if (source.kind === 'variable') return source.name;
    if (source.kind === 'sum') return inParentheses(this.indexText(source.index));
    const index = this.scalar(source.scalar);
    return this.#named(`clamped ${source.scalar.id} ${source.size}`, 'at', () =>
      source.scalar.dtype === 'i32'
        ? `u32(clamp(${index}, 0i, ${source.size - 1}i))`
        : `min(${index}, ${source.size - 1}u)`,
    );
  }

  #named(key: string, prefix: string, make: () => string): string {
    for (let scope: Scope | undefined = this; scope; scope = scope.#parent) {
      const known = scope.#names.get(key);
      if (known) return known;
    }
    const text = make();
    const name = /^\w+$/.test(text) ? text : this.#shader.nextName(prefix);
    if (name !== text) this.#lines.push(`let ${name} = ${text};`);
    this.#names.set(key, name);
    return name;
  }

  #text(scalar: Exclude<Scalar, { readonly kind: 'literal' }>): string {
    switch (scalar.kind) {
      case 'read':
        return this.#read(scalar);
      case 'index':
        return convertIndex(this.indexText(scalar.index), scalar);
      case 'apply':
        return scalar.operator(...this.#operands(scalar.operands));
      case 'choose': {
        const tests = scalar.conditions.map((condition) => this.#test(condition)).join(' && ');
        return `select(${this.scalar(scalar.outside)}, ${this.scalar(scalar.inside)}, ${tests})`;
      }
      case 'random':
        return `random_word(${[this.index(scalar.index), ...scalar.key.map((word) => this.scalar(word))].join(', ')})`;
    }
  }

  /** Operations on literals alone are not left to the compiler, which rejects those that overflow. */
  #operands(operands: readonly Scalar[]): readonly string[] {
    const texts = operands.map((operand) => this.scalar(operand));
    if (!operands.every(({ kind }) => kind === 'literal')) return texts;
    const type = registerType[operands[0]!.dtype];
    const name = this.#shader.nextName('x');
    this.#lines.push(`var ${name}: ${type} = ${texts[0]};`);
    return [name, ...texts.slice(1)];
  }

  #read(scalar: Extract<Scalar, { readonly kind: 'read' }>): string {
    const { value, index } = scalar;
    const own = this.#resolve(value);
    if (own !== undefined) return typeof own === 'string' ? own : this.scalar(own);
    if (readsParameter(scalar, this.#shader.storage.expressions)) return this.#shader.parameter(value, index.constant);
    return this.#shader.load(value, this.index(index));
  }

  #test({ index, low, limit, stride }: Condition): string {
    const at = this.index(index);
    const tests = [`${at} >= ${low}u`, `${at} < ${limit}u`];
    if (stride > 1) tests.push(`(${at} - ${low}u) % ${stride}u == 0u`);
    return tests.slice(low === 0 ? 1 : 0).join(' && ');
  }
}

/** Whether a loop variable is part of an index. */
function isIndexedBy({ terms }: Index, loop: string): boolean {
  return terms.some(({ digit: { source } }) => {
    if (source.kind === 'variable') return source.name === loop;
    return source.kind === 'sum' && isIndexedBy(source.index, loop);
  });
}

const inParentheses = (text: string): string => (/^\w+$/.test(text) ? text : `(${text})`);

const times = (text: string, factor: number): string => (factor === 1 ? text : `${text} * ${factor}u`);

function convertIndex(text: string, { dtype }: Scalar): string {
  const type = registerType[dtype];
  if (type === 'u32') return text;
  return type === 'bool' ? `(${text}) != 0u` : `${type}(${text})`;
}
