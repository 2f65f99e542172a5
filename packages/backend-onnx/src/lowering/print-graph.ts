import type { AttributeValue, GraphPort, OnnxGraph } from './graph.js';

/** The nodes as text, one a line; the body of a loop below its node. */
export function printGraph({ nodes }: OnnxGraph): string {
  return nodes
    .map(({ operator, domain, inputs, outputs, attributes }) => {
      const options = Object.entries(attributes).map(([name, value]) => `${name}=${printValue(value)}`);
      const label = domain === '' ? operator : `${domain}.${operator}`;
      return `${outputs.join(', ')} = ${label}(${inputs.join(', ')})${options.length > 0 ? ` {${options.join(', ')}}` : ''}`;
    })
    .join('\n');
}

function printValue(value: AttributeValue): string {
  if (typeof value !== 'object' || !('graph' in value)) return JSON.stringify(value);
  const { inputs, outputs } = value.graph;
  const names = (ports: readonly GraphPort[]) => ports.map(({ name }) => name).join(', ');
  const lines = [`(${names(inputs)}) =>`, ...printGraph(value.graph).split('\n'), `return ${names(outputs)}`];
  return lines.join('\n  ');
}
