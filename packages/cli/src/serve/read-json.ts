import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.js';

/** The body of a request as JSON. @throws ApiError for one that is too large or no JSON */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const tooLarge = () =>
    new ApiError(413, 'request_too_large', `The body has more than the ${maxBytes} bytes that the server reads.`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw new ApiError(400, 'invalid_json', 'The body is not JSON in UTF-8.');
  }
}
