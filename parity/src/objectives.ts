import { runOnDevice } from '@attune/conformance';
import { type ForwardPass, withMetrics } from '@attune/core';
import { eliminateDeadCode, grad, totalInput } from '@attune/core/internal';
import { concat, elementCount, type HostTensor, hostTensor, ProgramBuilder, type Value, zeros } from '@attune/ir';
import { camelCase } from './batch-file.js';
import { goldenCases, type LoadedCase } from './golden-file.js';
import { objectiveCase } from './objective-cases.js';
import { isOp } from './ops.js';
import { Comparison, type ParityContext, type ParityGroup, type ParityOutcome, unsupported } from './parity-case.js';
import { runWeightAnchors } from './weight-anchors.js';

/** Files whose outputs are losses of training objectives. */
export const objectivesGroup: ParityGroup = async (folder) =>
  (await goldenCases(folder))
    .filter((found) => found.golden.g.length === 0 && !isOp(found))
    .map((found) => ({ id: found.id, run: (context) => runObjective(found, context) }));

async function runObjective(found: LoadedCase, context: ParityContext): Promise<ParityOutcome> {
  if (found.op === 'weight_anchors') return runWeightAnchors(found, context);
  const { device } = context;
  const tensors = await found.load();
  const objectiveOfCase = objectiveCase(found, tensors);
  if (!objectiveOfCase) return unsupported(`the objective ${found.op} does not exist yet`);
  const { objective, names = {}, columns, passes, totals } = objectiveOfCase;
  const { golden, tolerance } = found;
  const fieldName = (name: string) => names[name] ?? camelCase(name);
  const given = new Map(golden.in.map((name) => [fieldName(name), tensors.get(`in.${name}`)!]));
  if (objective.name === 'question answering') given.set('attentionMask', ones(given.get('startLogits')!));
  const batch = Object.fromEntries(given);
  const rowsOf = (name: string) => tensors.get(`in.${name}`)?.type.shape[0] ?? 0;
  const rows = columns?.inputs.reduce((sum, name) => sum + rowsOf(name), 0) ?? rowsOf(passes?.inputs[0] ?? '');
  const counts = totals ?? objective.counts({ ...batch, inputIds: zeros({ shape: [rows, 1], dtype: 'i32' }) });
  const builder = new ProgramBuilder(found.id);
  const values: Record<string, Value> = {};
  for (const [name, tensor] of Object.entries(batch)) values[name] = builder.input(name, tensor.type);
  const totalValues = Object.fromEntries(
    objective.countNames.map((name) => [name, builder.input(totalInput(name), { shape: [], dtype: 'f32' })]),
  );
  const [first, ...others] = columns?.inputs.map((name) => values[fieldName(name)]!) ?? [];
  const outputs = columns && first ? { ...values, [columns.output]: concat([first, ...others], 0) } : values;
  const forward = ({ name = '', adapters = true }: ForwardPass = {}) => {
    const pass = name === '' && adapters ? 0 : 1;
    return passes ? { ...values, [passes.output]: values[fieldName(passes.inputs[pass]!)]! } : outputs;
  };
  const { loss } = withMetrics(objective.loss({ forward, batch: values, training: true, totals: totalValues }));
  const program = builder.finish({ loss });
  const wrt = golden.grad.map(fieldName);
  const differentiated = wrt.length > 0 ? grad(program, { wrt }) : eliminateDeadCode(program);
  const results = await runOnDevice(device, differentiated, [
    ...Object.values(batch),
    ...objective.countNames.map((name) => hostTensor([], [counts[name]!])),
  ]);
  const comparison = new Comparison();
  comparison.addTensor('loss', results[0], tensors.get('out.loss')!, tolerance);
  for (const [index, name] of golden.grad.entries()) {
    comparison.addTensor(`grad of ${name}`, results[index + 1], tensors.get(`grad.${name}`)!, tolerance);
  }
  return comparison.outcome;
}

function ones({ type }: HostTensor): HostTensor {
  return hostTensor(type.shape, new Int32Array(elementCount(type.shape)).fill(1), 'i32');
}
