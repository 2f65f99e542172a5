/** What keeps weights at where they began: EWC's Fisher values, and the penalties of EWC and L2-SP. */
import { runOnDevice } from '@attune/conformance';
import { fisherDiagonal, type Model, namedValue, sequenceClassificationObjective, type Values } from '@attune/core';
import { add, type HostTensor, matmul, mul, ProgramBuilder, sub, sum, tensorType, type Value } from '@attune/ir';
import { towardStart, towardZero } from '@attune/strategies/internal';
import { z } from 'zod';
import type { LoadedCase } from './golden-file.js';
import { Comparison, type ParityContext, type ParityOutcome } from './parity-case.js';
import { learnerOf } from './trajectory.js';

type Tensors = ReadonlyMap<string, HostTensor>;

export async function runWeightAnchors(found: LoadedCase, { device }: ParityContext): Promise<ParityOutcome> {
  const tensors = await found.load();
  const comparison = new Comparison();
  const { golden, tolerance } = found;
  if (golden.out.includes('fisher')) {
    const fisher = await fisherOf(tensors, device);
    comparison.addTensor('fisher', fisher.get('w'), tensors.get('out.fisher')!, tolerance);
    return comparison.outcome;
  }
  const builder = new ProgramBuilder(found.id);
  const inputs = Object.fromEntries(
    golden.in.map((name) => [name, builder.input(name, tensors.get(`in.${name}`)!.type)] as const),
  );
  const results = await runOnDevice(
    device,
    builder.finish(penalized(inputs, golden.attributes, tensors)),
    golden.in.map((name) => tensors.get(`in.${name}`)!),
  );
  comparison.addTensor('loss', results[0], tensors.get('out.loss')!, tolerance);
  for (const [index, name] of golden.grad.entries()) {
    comparison.addTensor(`grad of ${name}`, results[index + 1], tensors.get(`grad.${name}`)!, tolerance);
  }
  return comparison.outcome;
}

const attributesSchema = z.union([
  z.object({ strength: z.number() }),
  z.object({ alpha: z.number(), beta: z.number() }),
]);

/** The loss, which is half of each gradient times the distance that it pulls over, then the gradients by name. */
function penalized(inputs: Values, attributes: LoadedCase['golden']['attributes'], tensors: Tensors): Values {
  const parsed = attributesSchema.parse(attributes);
  const [w, start] = [namedValue(inputs, 'w'), namedValue(inputs, 'w0')];
  const distance = sub(w, start);
  const half = (gradient: Value, over: Value) => mul(sum(mul(gradient, over)), 0.5);
  if ('strength' in parsed) {
    const importance = namedValue(inputs, 'fisher');
    const gradient = towardStart(parsed.strength, tensors.get('in.fisher')).gradient(w, { start, importance });
    return { loss: half(gradient, distance), w: gradient };
  }
  const head = namedValue(inputs, 'head');
  const own = towardStart(parsed.alpha).gradient(w, { start });
  const ofHead = towardZero(parsed.beta).gradient(head, {});
  return { loss: add(half(own, distance), half(ofHead, head)), head: ofHead, w: own };
}

/** Of a linear classifier of rows. */
async function fisherOf(tensors: Tensors, device: ParityContext['device']): Promise<Tensors> {
  const tensor = (name: string): HostTensor => tensors.get(`in.${name}`)!;
  const weight = tensor('w');
  const objective = sequenceClassificationObjective({ classes: weight.type.shape[0]! });
  const recipe = { model: linearModel(weight), objective, weights: new Map([['w', weight]]), trains: () => true };
  await using learner = await learnerOf(recipe, device);
  const count = tensor('x').type.shape[0]!;
  const indices = Array.from({ length: count }, (_, index) => index);
  const batch = { tensors: { x: tensor('x'), labels: tensor('labels') }, rows: indices, indices, tokens: count };
  return await fisherDiagonal(learner, objective, [batch]);
}

/** logits = x times the transposed weight */
const linearModel = ({ type: { shape } }: HostTensor): Model => ({
  architecture: 'linear',
  task: { name: 'classification', peftTaskType: null, headModules: [], adapterModules: [] },
  config: {},
  maxPositions: 1,
  inputs: ({ batch }) => ({ x: tensorType([batch, shape[1]!]) }),
  forward: (scope, inputs) => ({
    logits: matmul(namedValue(inputs, 'x'), scope.parameter('w', shape), { transposeB: true }),
  }),
});
