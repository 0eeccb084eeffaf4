/** RFC 1123 subdomain, the name of a Kubernetes Secret or ConfigMap. */
export function isObjectName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => isDnsLabel(label));
}

/** RFC 1123 label: the name of a namespace, and of a remote entry. */
export function isDnsLabel(name: string): boolean {
  return name.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(name);
}

/** A key of a ConfigMap or Secret that may become a file's name (contract §9.13). */
export function isConfigKey(key: string): boolean {
  return /^[-._a-zA-Z0-9]{1,253}$/.test(key) && key !== '.' && !key.startsWith('..');
}

/** RFC 6335 §5.1, as Kubernetes asks of a container port's name. */
export function isPortName(name: string): boolean {
  return name.length <= 15 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) && /[a-z]/.test(name);
}

/** RFC 9110 §5.6.2: the name of a header. */
export function isHeaderName(name: string): boolean {
  return name.length <= 256 && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

/** The name of an environment variable, as Kubernetes takes it in every release that we support. */
export function isEnvName(name: string): boolean {
  return name.length <= 253 && /^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name);
}

/** Control characters, lone surrogates and the line separators: nothing of that is part of a name. */
export function hasControlCharacter(text: string): boolean {
  return /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text);
}

const encoder = new TextEncoder();

/** Length in UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}
