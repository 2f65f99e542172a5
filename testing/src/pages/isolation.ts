/** What the page offers to a runtime. */
export default async () => ({
  isolated: crossOriginIsolated,
  secure: isSecureContext,
  file: (await (await fetch('/isolation.ts')).text()).split('\n')[0],
  missing: (await fetch('/nothing.wasm')).status,
});
