import { isConfigKey, isObjectName } from '../lib/names.ts';
import { quote } from '../lib/quote.ts';
import { parsed, type Refuse } from './parsed.ts';

export function checkConfigMapName(name: string, refuse: Refuse): void {
  if (!isObjectName(name))
    refuse('BAD_NAME', `${quote(name)} is no name of a ConfigMap (lower-case letters, digits, "-" and ".", at most 253)`);
}

export function checkConfigKey(key: string, refuse: Refuse): void {
  if (!isConfigKey(key))
    refuse(
      'BAD_KEY',
      `${quote(key)} is no key of a ConfigMap or Secret (letters, digits, "-", "_" and ".", not "." nor "..…", at most 253)`,
    );
}

/** `configmap[:key]`: a CA bundle in the object's own namespace. */
export const caReference = parsed((text, refuse) => {
  const colon = text.indexOf(':');
  const configMap = colon === -1 ? text : text.slice(0, colon);
  const key = colon === -1 ? 'ca.crt' : text.slice(colon + 1);
  checkConfigMapName(configMap, refuse);
  checkConfigKey(key, refuse);
  return { configMap, key };
});
