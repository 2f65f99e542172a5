import {
  type Attributes,
  AttuneError,
  type Constant,
  castDefinition,
  type DType,
  dynamicSliceDefinition,
  dynamicUpdateSliceDefinition,
  elementCount,
  fromHalfBits,
  isFloat,
  type Op,
  type Program,
  type ValueId,
} from '@attune/ir';
import { isOp } from '../schedule/op.js';
import { partialSumsDefinition } from '../schedule/sums.js';
import { updateInPlaceDefinition } from '../schedule/update-in-place.js';
import { flatten, type Index, keyOf } from './index-expression.js';
import type { Expressions, Rule } from './rule.js';
import { rules } from './rules.js';
import { type Scalar, ScalarTable } from './scalar.js';

const rulesByName: Readonly<Record<string, Rule<Attributes>>> = {
  ...rules,
  [partialSumsDefinition.name]: { kind: 'kernel' },
  [updateInPlaceDefinition.name]: { kind: 'kernel' },
};

/** How an op is computed. @throws AttuneError `E_UNSUPPORTED_PROGRAM` for a composite, which should be decomposed */
export function ruleOf({ definition: { name } }: Op): Rule<Attributes> {
  const rule = rulesByName[name];
  if (!rule) throw new AttuneError('E_UNSUPPORTED_PROGRAM', `The WebGPU backend has no kernel for ${name}.`);
  return rule;
}

/** Words of the largest parameter: a key of `random_bits` and then some. */
const PARAMETER_WORDS = 4;

/** The expressions of a program's values, given which of them are stored. */
export class ProgramExpressions implements Expressions {
  readonly program: Program;
  readonly table = new ScalarTable();
  readonly #isStored: (value: ValueId) => boolean;
  readonly #producers = new Map<ValueId, Op>();
  readonly #constants: ReadonlyMap<ValueId, Constant>;
  readonly #known = new Map<string, Scalar>();
  /** Where parts begin: parameters also if they are known, so that kernels for other parts are the same. */
  readonly #starts: ReadonlySet<ValueId>;

  /** @param isStored asked for values that ops make, anew for every element */
  constructor(program: Program, isStored: (value: ValueId) => boolean) {
    this.program = program;
    this.#isStored = isStored;
    this.#constants = new Map(program.constants.map((constant) => [constant.value, constant]));
    for (const op of program.ops) for (const output of op.outputs) this.#producers.set(output, op);
    this.#starts = new Set(program.ops.flatMap(startsOf));
  }

  shapeOf(value: ValueId): readonly number[] {
    return this.program.types[value]!.shape;
  }

  dtypeOf(value: ValueId): DType {
    return this.program.types[value]!.dtype;
  }

  /** The op that makes a value; undefined for inputs and constants. */
  producerOf(value: ValueId): Op | undefined {
    return this.#producers.get(value);
  }

  /** Whether the value is a constant of one element that becomes a literal. */
  isLiteral(value: ValueId): boolean {
    return this.#constants.has(value) && !this.#starts.has(value) && elementCount(this.shapeOf(value)) === 1;
  }

  /** Whether kernels take elements from a block of parameters: of scalars and keys that are inputs or constants. */
  isParameter(value: ValueId): boolean {
    const elements = elementCount(this.shapeOf(value));
    const isSmall = elements === 1 || (elements <= PARAMETER_WORDS && this.dtypeOf(value) === 'u32');
    return isSmall && !this.#producers.has(value);
  }

  element(value: ValueId, coordinates: readonly Index[]): Scalar {
    const producer = this.#producers.get(value);
    if (producer && !this.#isStored(value)) {
      const key = `${value} ${coordinates.map(keyOf).join()}`;
      const known = this.#known.get(key) ?? this.express(producer, coordinates);
      this.#known.set(key, known);
      return known;
    }
    if (this.isLiteral(value)) return this.#literal(value);
    return this.table.read(value, flatten(coordinates, this.shapeOf(value)), this.dtypeOf(value));
  }

  /** The element of an op's result, from its operands. */
  express(op: Op, at: readonly Index[]): Scalar {
    const rule = ruleOf(op);
    const { attributes, inputs, outputs, definition } = op;
    if (rule.kind === 'view' || rule.kind === 'generator') return rule.express(this, op, attributes, at);
    if (rule.kind === 'kernel') throw new TypeError(`${definition.name} has no expression`);
    const from = this.dtypeOf(inputs.at(-1)!);
    // All floats are numbers of f32 until they are stored.
    if (isOp(op, castDefinition) && isFloat(from) && isFloat(op.attributes.dtype)) return this.element(inputs[0]!, at);
    return this.table.apply(
      `${definition.name} ${from} ${JSON.stringify(attributes)}`,
      rule.operator(from, attributes),
      inputs.map((input) => this.element(input, at)),
      this.dtypeOf(outputs[0]!),
    );
  }

  #literal(value: ValueId): Scalar {
    const { type, data } = this.#constants.get(value)!.tensor;
    const { dtype } = type;
    const number = data[0]!;
    return this.table.literal(dtype === 'f16' || dtype === 'bf16' ? fromHalfBits(number, dtype) : number, dtype);
  }
}

/** The operands of an op that say where a part begins. */
function startsOf(op: Op): readonly ValueId[] {
  if (isOp(op, dynamicSliceDefinition)) return op.inputs.slice(1);
  return isOp(op, dynamicUpdateSliceDefinition) || isOp(op, updateInPlaceDefinition) ? op.inputs.slice(2) : [];
}
