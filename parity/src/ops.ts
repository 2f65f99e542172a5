import { runOnDevice } from '@attune/conformance';
import { eliminateDeadCode, grad, vectorJacobianProduct } from '@attune/core/internal';
import { fromHalfBits, type HostTensor, type Program, ProgramBuilder, toHalfBits } from '@attune/ir';
import { goldenCases, type LoadedCase } from './golden-file.js';
import { opBuilders } from './op-builders.js';
import { Comparison, type ParityContext, type ParityGroup, type ParityOutcome, unsupported } from './parity-case.js';
import { hostOutputs } from './quantized-files.js';

/** Files of one op: they have cotangents, or outputs that are no loss. */
export const opsGroup: ParityGroup = async (folder) =>
  (await goldenCases(folder)).filter(isOp).map((found) => ({ id: found.id, run: (context) => runOp(found, context) }));

/** Objectives have a `loss` and no cotangents, optimizers have gradients `g`. */
export function isOp({ op, golden }: LoadedCase): boolean {
  if (golden.g.length > 0) return false;
  return op === 'second_order' || golden.ct.length > 0 || op in opBuilders || op === 'half_bits' || /^dequant/.test(op);
}

async function runOp(found: LoadedCase, { device }: ParityContext): Promise<ParityOutcome> {
  const { op, golden, tolerance, load } = found;
  const tensors = await load();
  if (op === 'half_bits') return halfBits(found, tensors);
  const onHost = hostOutputs(found, tensors);
  const comparison = new Comparison();
  for (const [name, tensor] of onHost ?? []) {
    comparison.addTensor(`${name} on the host`, tensor, tensors.get(`out.${name}`)!, tolerance);
  }
  const build = opBuilders[op];
  if (!build) return unsupported(`the op ${op} does not exist yet`);
  const given = new Map(golden.in.map((name) => [name, tensors.get(`in.${name}`)!]));
  const builder = new ProgramBuilder(found.id);
  const inputs = Object.fromEntries([...given].map(([name, { type }]) => [name, builder.input(name, type)]));
  const outputs = build(inputs, golden.attributes, builder, onHost);
  if (!outputs && onHost) return comparison.outcome;
  if (!outputs) return unsupported(`${op} does not take ${JSON.stringify(golden.attributes)} yet`);
  const program = builder.finish(outputs);
  const withGradients =
    op === 'second_order'
      ? ofGradientNorm(program, golden.grad)
      : byCotangents(program, golden.ct, golden.grad, tensors);
  const results = await runOnDevice(device, withGradients, [...given.values()]);
  const byName = new Map(withGradients.outputs.map(({ name }, index) => [name, results[index]!]));
  for (const name of golden.out) {
    if (byName.has(name) || !onHost?.has(name)) {
      comparison.addTensor(name, byName.get(name), tensors.get(`out.${name}`)!, tolerance);
    }
  }
  for (const name of golden.grad) {
    comparison.addTensor(`grad of ${name}`, byName.get(`grad/${name}`), tensors.get(`grad.${name}`)!, tolerance);
  }
  return comparison.outcome;
}

/** The program with the gradients of the sum over its outputs of <output, cotangent>. */
function byCotangents(
  program: Program,
  cotangentOf: readonly string[],
  wrt: readonly string[],
  tensors: ReadonlyMap<string, HostTensor>,
): Program {
  if (wrt.length === 0) return program;
  const builder = new ProgramBuilder(program.name);
  const inputs = program.inputs.map(({ name, value }) => builder.input(name, program.types[value]!));
  const cotangents = program.outputs.map(({ name }) =>
    cotangentOf.includes(name) ? builder.constant(tensors.get(`ct.${name}`)!) : undefined,
  );
  const { outputs, gradients } = vectorJacobianProduct(builder, program, inputs, cotangents, wrt);
  return eliminateDeadCode(
    builder.finish({
      ...Object.fromEntries(program.outputs.map(({ name }, index) => [name, outputs[index]!])),
      ...Object.fromEntries(
        gradients.flatMap((gradient, index) => (gradient ? [[`grad/${wrt[index]}`, gradient]] : [])),
      ),
    }),
  );
}

function ofGradientNorm(program: Program, wrt: readonly string[]): Program {
  return wrt.length === 0 ? program : grad(program, { output: 'gradnorm', wrt });
}

function halfBits({ golden, tolerance }: LoadedCase, tensors: ReadonlyMap<string, HostTensor>): ParityOutcome {
  const dtype = golden.attributes.type === 'float16' ? 'f16' : 'bf16';
  const comparison = new Comparison();
  if (golden.attributes.direction === 'encode') {
    const halves = Uint16Array.from(tensors.get('in.x')!.data, (value) => toHalfBits(value, dtype));
    comparison.add('bytes', new Uint8Array(halves.buffer), tensors.get('out.bytes')!.data, { rtol: 0, atol: 0 });
  } else {
    const bytes = Uint8Array.from(tensors.get('in.bytes')!.data);
    const numbers = Float32Array.from(new Uint16Array(bytes.buffer), (bits) => fromHalfBits(bits, dtype));
    comparison.add('y', numbers, tensors.get('out.y')!.data, tolerance);
  }
  return comparison.outcome;
}
