/** What the page and its workers may load and run. */
import type { Plugin } from 'vite';

/**
 * WebAssembly is compiled, files that the build embeds are fetched from `data:`, and a tokenizer of no known make runs in a
 * worker from `blob:`. Everything else is the page's own, and nothing is sent anywhere.
 */
export const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self' data:",
  "img-src 'self' data:",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Writes the policy into the built page, for hosts that send no headers of their own. */
export function securityPolicy(): Plugin {
  const attrs = { 'http-equiv': 'Content-Security-Policy', content: policy };
  return {
    name: 'security-policy',
    apply: 'build',
    transformIndexHtml: () => [{ tag: 'meta', attrs, injectTo: 'head-prepend' }],
  };
}
