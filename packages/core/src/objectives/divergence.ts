import { add, klDivergence, logSoftmax, mul, softplus, sub, sum, type Value } from '@attune/ir';

/** KL(p || q) of each row, from log-probabilities [rows, classes]: [rows]. */
export const rowDivergence = (logP: Value, logQ: Value): Value =>
  sum(klDivergence(logQ, logP, { logTarget: true }), { axes: [1] });

/**
 * The generalized Jensen-Shannon divergence of each row (Agarwal et al. 2023, arXiv 2306.13649), from logits
 * [rows, classes]: [rows]. `beta` 0 is KL(teacher || student), 1 is KL(student || teacher); between them
 * beta KL(teacher || m) + (1 - beta) KL(student || m), with m = beta teacher + (1 - beta) student.
 */
export function teacherDivergence(student: Value, teacher: Value, beta: number): Value {
  const [own, wanted] = [logSoftmax(student, 1), logSoftmax(teacher, 1)];
  if (beta === 0) return rowDivergence(wanted, own);
  if (beta === 1) return rowDivergence(own, wanted);
  const [first, second] = [add(wanted, Math.log(beta)), add(own, Math.log(1 - beta))];
  const mixed = add(first, softplus(sub(second, first)));
  return add(mul(rowDivergence(wanted, mixed), beta), mul(rowDivergence(own, mixed), 1 - beta));
}
