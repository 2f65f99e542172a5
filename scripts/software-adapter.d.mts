export function softwareAdapter(environment?: Readonly<Record<string, string | undefined>>): Record<string, string>;
