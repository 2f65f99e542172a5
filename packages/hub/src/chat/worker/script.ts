/** Runs in a worker that can be ended: a chat template, from its text to texts of conversations. */
import { Template } from '@huggingface/jinja';
import { BoundedInterpreter } from './bounded-interpreter.js';
import { environmentOf } from './environment.js';
import { marksFor, placesOfMarks, withMarks } from './generation-tags.js';
import type { RenderAnswer, RenderedOrRefused, RenderRequest } from './messages.js';

const [begin, end] = ['__generation_begins', '__generation_ends'];

/** What a text needs too much of, if that is the fault. */
function excessOf(error: unknown): RenderAnswer | undefined {
  if (!(error instanceof RangeError)) return undefined;
  return { kind: 'excess', fault: /stack/.test(error.message) ? 'is nested too deeply' : 'makes too long a text' };
}

function problemOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^(Parser Error|SyntaxError): /, '').slice(0, 500);
}

let parsed: { readonly source: string; readonly template: Template } | undefined;

function templateOf(source: string): Template {
  if (parsed?.source !== source) parsed = { source, template: new Template(withMarks(source, begin, end)) };
  return parsed.template;
}

function answer({ template: source, texts, now, units }: RenderRequest): RenderAnswer {
  let template: Template;
  try {
    template = templateOf(source);
  } catch (error) {
    return excessOf(error) ?? { kind: 'malformed', problem: problemOf(error) };
  }
  const date = now === undefined ? new Date() : new Date(now);
  const made: RenderedOrRefused[] = [];
  let room = units;
  for (const variables of texts) {
    const marks = marksFor(variables);
    try {
      const environment = environmentOf({ ...variables, [begin]: marks[0], [end]: marks[1] }, date);
      const marked = String(new BoundedInterpreter(environment).run(template.parsed).value);
      room -= marked.length;
      if (room < 0) return { kind: 'excess', fault: 'makes too long a text' };
      made.push(placesOfMarks(marked, marks));
    } catch (error) {
      const excess = excessOf(error);
      if (excess) return excess;
      made.push({ refusal: problemOf(error) });
    }
  }
  return { kind: 'texts', texts: made };
}

const parentPort = globalThis.process?.getBuiltinModule?.('node:worker_threads').parentPort;
const post = (message: RenderAnswer) => (parentPort ?? self).postMessage(message);
if (parentPort) parentPort.on('message', (request) => post(answer(request)));
else self.onmessage = ({ data }) => post(answer(data));
post({ kind: 'ready' });
