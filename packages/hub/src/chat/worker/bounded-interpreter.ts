/** The template library's interpreter with a bound on nesting, so that recursion ends in the same error everywhere. */
import { type Environment, Interpreter } from '@huggingface/jinja';

/** Statements inside statements, macros' calls among them: Python's own bound on recursion, which Jinja meets. */
const deepest = 1000;

export class BoundedInterpreter extends Interpreter {
  #depth = 0;

  /**
   * The library takes whatever is thrown while it looks a variable up for an unknown name. A full stack there would read
   * as an undefined variable, so the stack must never become full.
   * @throws RangeError of a stack that is too deep
   */
  override evaluate(
    statement: Parameters<Interpreter['evaluate']>[0],
    environment: Environment,
  ): ReturnType<Interpreter['evaluate']> {
    if (this.#depth >= deepest) throw new RangeError(`a stack of ${deepest} statements`);
    this.#depth++;
    try {
      return super.evaluate(statement, environment);
    } finally {
      this.#depth--;
    }
  }
}
