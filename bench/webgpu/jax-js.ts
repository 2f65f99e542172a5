/**
 * jax-js's side: one jitted function for the whole step. jax-js counts references: a function takes over what it is
 * given, and `.ref` is what is needed again.
 */
import { defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import { adamwScalars } from './adamw-scalars.js';
import { peerWeights } from './peer-weights.js';
import { IGNORED, NORM_EPSILON, optimizer, type Side, type Task, type TokenBatch } from './task.js';

type Parameters = { [name: string]: np.Array };
type Inputs = { ids: np.Array; mask: np.Array; labels: np.Array };
type Scalars = { rate: np.Array; epsilon: np.Array };

export async function jaxSide(task: Task): Promise<Side> {
  await init('webgpu');
  defaultDevice('webgpu');
  const weights = [...(await peerWeights(task))];
  const filled = (value: (data: Float32Array<ArrayBuffer>, shape: number[]) => np.Array): Parameters =>
    Object.fromEntries(
      weights.map(([name, { type, data }]) => [name, value(Float32Array.from(data), [...type.shape])]),
    );
  let parameters = filled((data, shape) => np.array(data, { shape }));
  let moments = filled((_, shape) => np.zeros(shape));
  let variances = filled((_, shape) => np.zeros(shape));
  const train = jit(trainStep(task));
  let steps = 0;
  return {
    facts: async () => ({}),
    async step(batch) {
      steps++;
      const { rate, epsilon } = adamwScalars(steps);
      const start = performance.now();
      const scalars = { rate: np.array([rate]), epsilon: np.array([epsilon]) };
      const [loss, ...state] = train(parameters, moments, variances, scalars, inputsOf(task, batch));
      [parameters, moments, variances] = state;
      const hostMilliseconds = performance.now() - start;
      return { loss: (await loss.data())[0]!, hostMilliseconds };
    },
  };
}

function inputsOf({ kind, batch, tokens }: Task, { ids, mask, labels }: TokenBatch): Inputs {
  const copy = (data: Int32Array, shape: number[]) => np.array(Int32Array.from(data), { shape, dtype: np.int32 });
  return {
    ids: copy(ids, [batch, tokens]),
    mask: copy(mask, [batch, 1, 1, tokens]),
    labels: kind === 'bert' ? copy(labels, [batch]) : copy(labels, [batch * tokens]),
  };
}

const trainStep =
  (task: Task) =>
  (
    parameters: Parameters,
    moments: Parameters,
    variances: Parameters,
    { rate, epsilon }: Scalars,
    inputs: Inputs,
  ): [np.Array, Parameters, Parameters, Parameters] => {
    const { beta1, beta2 } = optimizer;
    const { decay } = adamwScalars(1);
    const [loss, gradients] = valueAndGrad(lossOf(task))(tree.ref(parameters), inputs);
    const next: [Parameters, Parameters, Parameters] = [{}, {}, {}];
    for (const [name, gradient] of Object.entries(gradients)) {
      const moment = moments[name]!.mul(beta1).add(gradient.ref);
      const variance = variances[name]!.mul(beta2).add(np.square(gradient));
      const update = moment.ref.div(np.sqrt(variance.ref).add(epsilon.ref)).mul(rate.ref);
      next[0][name] = parameters[name]!.mul(decay).sub(update);
      next[1][name] = moment;
      next[2][name] = variance;
    }
    tree.dispose([rate, epsilon]);
    return [loss, ...next];
  };

const lossOf = (task: Task) => (task.kind === 'bert' ? bertLoss(task) : gptLoss(task));

const bertLoss =
  (task: Task) =>
  (p: Parameters, { ids, mask, labels }: Inputs): np.Array => {
    const { batch, tokens, width } = task;
    const bias = mask.equal(0).astype(np.float32).mul(-1e30);
    const types = p.types!.slice([0, 1]);
    const embedded = np.take(p.words!, ids, 0).add(p.positions!).add(types);
    let hidden = norm(p, 'norm', embedded.reshape([batch * tokens, width]), NORM_EPSILON.bert);
    for (let index = 0; index < task.layers; index++) {
      const attended = linear(p, `${index}.out`, attention(p, `${index}`, task, hidden.ref, { bias: bias.ref }));
      const settled = norm(p, `${index}.norm1`, attended.add(hidden), NORM_EPSILON.bert);
      const widened = nn.gelu(linear(p, `${index}.inner`, settled.ref), { approximate: false });
      hidden = norm(p, `${index}.norm2`, linear(p, `${index}.outer`, widened).add(settled), NORM_EPSILON.bert);
    }
    bias.dispose();
    const first = hidden.reshape([batch, tokens, width]).slice([], 0);
    const logits = linear(p, 'classifier', np.tanh(linear(p, 'pooler', first)));
    return crossEntropy(logits, labels, batch);
  };

const gptLoss =
  (task: Task) =>
  (p: Parameters, { ids, mask, labels }: Inputs): np.Array => {
    const { batch, tokens, width } = task;
    mask.dispose();
    const embedded = np.take(p.words!.ref, ids, 0).add(p.positions!);
    let hidden = embedded.reshape([batch * tokens, width]);
    for (let index = 0; index < task.layers; index++) {
      const normalized = norm(p, `${index}.norm1`, hidden.ref, NORM_EPSILON.gpt);
      const attended = attention(p, `${index}`, task, normalized, { isCausal: true });
      const settled = hidden.add(linear(p, `${index}.out`, attended));
      const widened = nn.gelu(linear(p, `${index}.inner`, norm(p, `${index}.norm2`, settled.ref, NORM_EPSILON.gpt)));
      hidden = settled.add(linear(p, `${index}.outer`, widened));
    }
    const normalized = norm(p, 'norm', hidden, NORM_EPSILON.gpt);
    const logits = np.matmul(normalized, p.words!.transpose());
    return crossEntropy(logits, labels, batch * (tokens - 1));
  };

const linear = (p: Parameters, name: string, x: np.Array): np.Array =>
  np.matmul(x, p[`${name}.weight`]!).add(p[`${name}.bias`]!);

function norm(p: Parameters, name: string, x: np.Array, epsilon: number): np.Array {
  return nn.standardize(x, -1, { epsilon }).mul(p[`${name}.weight`]!).add(p[`${name}.bias`]!);
}

function attention(
  p: Parameters,
  block: string,
  { batch, tokens, heads, width }: Task,
  x: np.Array,
  options: { bias: np.Array } | { isCausal: true },
): np.Array {
  const joined = linear(p, `${block}.qkv`, x).reshape([batch, tokens, 3, heads, width / heads]);
  const query = joined.ref.slice([], [], 0);
  const key = joined.ref.slice([], [], 1);
  const value = joined.slice([], [], 2);
  return nn.dotProductAttention(query, key, value, options).reshape([batch * tokens, width]);
}

/** Summed over the rows whose label is not ignored, by their number. */
function crossEntropy(logits: np.Array, labels: np.Array, count: number): np.Array {
  const [rows, classes] = logits.shape;
  const counts = labels.ref.notEqual(IGNORED).astype(np.float32).reshape([rows!, 1]);
  const targets = nn.oneHot(np.maximum(labels, 0), classes!).mul(counts);
  return nn.logSoftmax(logits).mul(targets).sum().div(-count);
}
