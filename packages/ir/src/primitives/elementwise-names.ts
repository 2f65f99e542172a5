/** Names of the primitives that make each element of their output from the same element of every input. */
export const elementwiseNames: ReadonlySet<string> = new Set(
  (
    'abs add and cast compare cos div erf exp floor is_finite log logistic max min mul neg not or pow rem rsqrt ' +
    'select shift_left shift_right sign sin sqrt stop_gradient sub tanh xor'
  ).split(' '),
);
